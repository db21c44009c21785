// Writes one file as an approved call would. Run by tests under a limit, or to be killed.
// Arguments: the path, the directory of the record, how many bytes. Prints what came of it.

import { baseOf, writeApproved } from "../src/edits.ts";
import { messageOf } from "../src/faults.ts";
import { Unfinished } from "../src/unfinished.ts";

const [path = "", record = "", size = "0"] = process.argv.slice(2);
try {
  await writeApproved(await baseOf(path), Buffer.alloc(Number(size), "n"), 0o022, new Unfinished(record));
  console.log("written");
} catch (error) {
  console.log(messageOf(error));
}
