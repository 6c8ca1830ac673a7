// Lets the extension host die while cass works; whoever started this looks for what it leaves behind.

const fs = require("node:fs");
const path = require("node:path");
const { cass, folder, say, until } = require("./support.cjs");

exports.run = async () => {
  const api = await cass([
    { tool_calls: [{ name: "shell", arguments: { command: "echo $$ > command.pid; exec sleep 300" } }] },
  ], { approval: "auto" });
  await say(api, "go");
  const left = path.join(folder(), "command.pid");
  await until("the running command", () => fs.existsSync(left) && fs.readFileSync(left, "utf8").trim());
  const pids = { server: api.connection.pid, command: Number(fs.readFileSync(left, "utf8")), host: process.pid };
  fs.writeFileSync(path.join(folder(), "pids.json.new"), JSON.stringify(pids));
  fs.renameSync(path.join(folder(), "pids.json.new"), path.join(folder(), "pids.json"));
  await new Promise(() => undefined);
};
