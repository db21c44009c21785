// Flips a name between what is there and a link, 10000 times. Arguments: the name, where the link leads.

import { renameSync, symlinkSync } from "node:fs";

const [name = "", target = ""] = process.argv.slice(2);
symlinkSync(target, `${name}.link`);
for (let nth = 0; nth < 10000; nth += 1) {
  renameSync(name, `${name}.aside`);
  renameSync(`${name}.link`, name);
  renameSync(name, `${name}.link`);
  renameSync(`${name}.aside`, name);
}
