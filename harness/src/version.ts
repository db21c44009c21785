// Owns the harness's version: the one in package.json.

import manifest from "../package.json" with { type: "json" };

export const VERSION: string = manifest.version;
