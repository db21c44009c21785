// What is kept of an output does not depend on the pieces in which it comes.

import { afterEach, expect, test } from "bun:test";

import { Outputs } from "../src/outputs.ts";
import { CappedOutput } from "../src/stream.ts";
import { removeScratch, scratch } from "./scratch.ts";

afterEach(removeScratch);

test.each([1, 12_288, 32_768, 40_000])("the agent's file is no larger when %d bytes come first", (first) => {
  const given: Buffer[] = [];
  const output = new CappedOutput(new Outputs(scratch(), 100_000), (data) => given.push(data));
  output.push(Buffer.alloc(first, "a"));
  output.push(Buffer.alloc(200_000 - first, "b"));
  output.end();
  const letters = Buffer.concat(given).toString().match(/^[ab]+|[ab]+(?=\n\[The output)/gm) ?? [];
  expect(letters.map((part) => part.length)).toEqual([50_000, 50_000]);
});
