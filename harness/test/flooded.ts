// Pushes an output through what stores it, as a command under a limit would. Run by tests on a small
// disk. Arguments: the directory of its file, and how many bytes. Prints what the model is told.

import { LongOutput } from "../src/longoutput.ts";
import { loadPi } from "../src/pi.ts";

const [directory = "", size = "0"] = process.argv.slice(2);
const output = new LongOutput(await loadPi(), directory);
for (let left = Number(size); left > 0; left -= 10_000) output.push(Buffer.alloc(10_000, "a line of it\n"));
console.log(output.finish());
