"""Owns what a client is told of a request that a sidecar refused."""

from claudetted.protocol import errors
from claudetted.protocol.sidecar import LineError


def fault_of(error: LineError, harness: str) -> errors.Fault:
    """The fault that the line names, with its details; any other is the harness's failure."""
    data = error.data
    match error.name:
        case "ModelUnknown":
            nearest = [str(name) for name in data.get("nearest", [])]
            model = str(data.get("model", ""))
            return errors.ModelUnknown(error.message, model=model, nearest=nearest)
        case "AnthropicBlocked":
            return errors.AnthropicBlocked(error.message, model=str(data.get("model", "")))
        case "HarnessMissing":
            looked = [str(place) for place in data.get("looked", [])]
            return errors.HarnessMissing(error.message, harness=harness, looked=looked)
        case "AuthFileBroken":
            return errors.AuthFileBroken(error.message, path=str(data.get("path", "")))
        case "InvalidParams":
            return errors.InvalidParams(error.message, path=str(data.get("path", "$")))
        case "NotSupported":
            capability = str(data.get("capability", ""))
            return errors.NotSupported(error.message, harness=harness, capability=capability)
    return errors.HarnessFailed(error.message, harness=harness)
