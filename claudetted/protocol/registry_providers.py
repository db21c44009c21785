"""Owns the rows of the registry that concern settings, providers and their models."""

from claudetted.protocol import (
    errors,
    logins,
    models,
    providers,
    settings,
    usage,
)
from claudetted.protocol.base import NoParams
from claudetted.protocol.method import Method

_PROBE = (errors.HarnessMissing, errors.HarnessFailed, errors.StoreFull)
_KEYS = (errors.ProviderUnknown, errors.AuthFileBroken, errors.KeychainUnavailable, *_PROBE)

METHODS: tuple[Method, ...] = (
    Method("setting/list", NoParams, settings.ListResult, "Shows all settings.", watches=True),
    Method(
        "setting/get",
        settings.GetParams,
        settings.SettingResult,
        "Shows one setting.",
        (errors.SettingUnknown,),
        watches=True,
    ),
    Method(
        "setting/set",
        settings.SetParams,
        settings.SettingResult,
        "Changes a setting.",
        (errors.SettingUnknown, errors.ModelUnknown, errors.AnthropicBlocked, errors.StoreFull),
    ),
    Method(
        "provider/list",
        NoParams,
        providers.ListResult,
        "Shows who serves models, and which credential is in use.",
        (errors.HarnessMissing, errors.HarnessFailed),
        waits=True,
        watches=True,
    ),
    Method(
        "provider/setKey",
        providers.SetKeyParams,
        providers.KeyResult,
        "Stores a key; the next turn uses it.",
        _KEYS,
        waits=True,
    ),
    Method(
        "provider/clearKey",
        providers.ClearKeyParams,
        providers.KeyResult,
        "Removes what is stored for a provider, shared and private.",
        _KEYS,
        waits=True,
    ),
    Method(
        "provider/environment",
        providers.EnvironmentParams,
        providers.EnvironmentResult,
        "Takes over the variables of the caller's shell that providers look at.",
        _PROBE,
        waits=True,
    ),
    Method(
        "model/list",
        NoParams,
        models.ListResult,
        "Shows the models as they were at the last look.",
        watches=True,
    ),
    Method(
        "model/refresh",
        NoParams,
        models.ListResult,
        "Looks which models can be used now.",
        _PROBE,
        waits=True,
    ),
    Method(
        "usage/get",
        usage.GetParams,
        usage.GetResult,
        "Adds up what was used, by a chat or by all: in all, and in the last 24 hours.",
        (errors.ChatNotFound,),
        watches=True,
    ),
    Method(
        "usage/refresh",
        usage.GetParams,
        usage.GetResult,
        "Asks OpenRouter what is left, if it is used, and adds up as well.",
        (errors.ChatNotFound,),
        waits=True,
    ),
    Method(
        "login/start",
        logins.StartParams,
        logins.LoginResult,
        "Begins a sign-in, which goes on without its client.",
        (errors.ProviderUnknown, errors.HarnessMissing, errors.HarnessFailed),
        waits=True,
    ),
    Method("login/list", NoParams, logins.ListResult, "Shows the sign-ins.", watches=True),
    Method(
        "login/wait",
        logins.WaitParams,
        logins.LoginResult,
        "Waits for the next step of a sign-in.",
        (errors.LoginNotFound,),
        waits=True,
    ),
    Method(
        "login/answer",
        logins.AnswerParams,
        logins.LoginResult,
        "Answers what a sign-in asks.",
        (errors.LoginNotFound, errors.HarnessFailed),
        waits=True,
    ),
    Method(
        "login/cancel",
        logins.CancelParams,
        logins.LoginResult,
        "Gives up a sign-in.",
        (errors.LoginNotFound, errors.HarnessFailed),
        waits=True,
    ),
)
