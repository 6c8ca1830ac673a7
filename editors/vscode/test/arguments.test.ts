// What may follow a slash command with parameters.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { AvailableCommand } from "../src/protocol";
import { suggestArguments } from "../webview/arguments.ts";

const commands: AvailableCommand[] = [
  {
    name: "try",
    description: "",
    parameters: [
      { name: "kind", type: "enum", values: ["bug", "feature"], required: true },
      { name: "file", type: "file" },
      { name: "quick", type: "bool" },
      { name: "text", type: "selection" },
    ],
  },
];

const offered = (before: string) => suggestArguments(commands, before).map((one) => one.label);

test("parameters are offered with their values, each once", () => {
  assert.deepEqual(offered("/try "), ["bug", "feature", "kind=", "file=", "--quick"]);
  assert.deepEqual(offered("/try f"), ["feature", "file="]);
  assert.deepEqual(offered("/try kind=b"), ["kind=bug"]);
  assert.deepEqual(offered("/try kind=bug "), ["file=", "--quick"]);
  assert.deepEqual(offered("/other "), []);
});
