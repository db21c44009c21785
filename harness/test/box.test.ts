// A command's output says when it was the box that made it fail.

import { expect, test } from "bun:test";

import { Ending } from "../src/box.ts";

function ending(text: string): Ending {
  const made = new Ending();
  made.push(Buffer.from(text));
  return made;
}

const reader = { boxed: true, writable: ["/chat/tmp"], hidden: ["/work/secrets"] };
const full = { boxed: true, writable: null, network: true, hidden: ["/work/secrets"] };

test("what its box does to a command is known by its words", () => {
  expect(ending("touch: x: Read-only file system").blames(reader)).toContain("/chat/tmp");
  expect(ending("curl: (6) Could not resolve host: x").blames(reader)).toBe("It has no network.");
  expect(ending("Error: connect ECONNREFUSED 127.0.0.1:5432").blames(reader)).toContain("network");
  expect(ending("Failed to connect to bus: No such file").blames(reader)).toContain("session");
  expect(ending('sudo: The "no new privileges" flag is set').blames(full)).toContain("user");
});

test("a failure of another kind blames no box", () => {
  expect(ending("1 test failed").blames(reader, "linux")).toBe("");
  expect(ending("Read-only file system; Could not resolve host").blames(full, "linux")).toBe("");
  expect(ending("Operation not permitted").blames(reader, "linux")).toBe("");
  expect(ending("Operation not permitted").blames(reader, "darwin")).toContain("sandbox");
});

test("only the end of a long output counts", () => {
  const made = ending("Read-only file system");
  made.push(Buffer.from("x".repeat(20_000)));
  expect(made.blames(reader, "linux")).toBe("");
});

test("what a rule keeps from a command is named", () => {
  expect(ending("cat: secrets: Permission denied").denied(reader)).toBe("/work/secrets");
  expect(ending("cat: other: Permission denied").denied(reader)).toBe("");
});
