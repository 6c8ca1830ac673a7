// The user types all the time, a formatter runs on each save and commands write the same file, while the model edits it.

const assert = require("node:assert");
const vscode = require("vscode");
const { cass, idle, onDisk, open, run, say, until } = require("./support.cjs");

const EDITS = 120;
const SEEDS = [7, 8];

/** The same numbers for the same seed, below `top`. */
function dice(seed) {
  let state = seed;
  return (top) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state % top;
  };
}

const edit = (file, at) => ({
  name: "edit_file",
  arguments: { path: file, old_string: `model-${at} = old\n`, new_string: `model-${at} = new\nmodel-${at} more\n` },
});
const sed = (file, at) => ({ name: "shell", arguments: { command: `sed -i 's/shell-${at} = old/shell-${at} = new/' ${file}` } });

/** Type words that exist once at the ends of random lines until told to stop; the words that were taken. */
async function type(document, random, isOver) {
  const typed = [];
  for (let count = 0; !isOver(); count++) {
    const line = document.lineAt(random(document.lineCount));
    const word = `user-${count}-typed`;
    const version = document.version;
    const editor = vscode.window.visibleTextEditors.find((one) => one.document === document);
    const taken = await editor.edit((keys) => keys.insert(line.range.end, ` ${word}`), { undoStopBefore: false, undoStopAfter: false });
    if (taken) {
      typed.push(word);
    } else {
      assert.notEqual(document.version, version, "a key is refused only when the text changed beneath it");
    }
    await new Promise((resolve) => setTimeout(resolve, random(15)));
  }
  return typed;
}

async function race(seed) {
  const random = dice(seed);
  const file = `race-${seed}.txt`;
  const formatter = vscode.languages.registerDocumentFormattingEditProvider({ pattern: `**/${file}` }, {
    provideDocumentFormattingEdits: (document) => {
      const last = document.lineAt(document.lineCount - 1).range.end;
      return [vscode.TextEdit.insert(new vscode.Position(0, 0), "# formatted\n"), vscode.TextEdit.insert(last, "# end\n")];
    },
  });
  await vscode.workspace.getConfiguration("editor").update("formatOnSave", true, vscode.ConfigurationTarget.Global);
  const steps = [...Array(EDITS).keys()].map((at) => ({ tool_calls: [random(4) === 0 ? sed(file, at) : edit(file, at)], delay_ms: random(80) }));
  const lines = [...Array(EDITS).keys()].map((at) => `model-${at} = old\nbetween ${at}\nshell-${at} = old\n`);
  try {
    const api = await cass([...steps, { text: "done" }], { approval: "auto" });
    const { document } = await open(file, lines.join(""));
    await say(api, "go");
    let over = false;
    const typing = type(document, random, () => over);
    await until("the turn's end", () => api.sessions.conversation.state === "idle" && api.sessions.conversation.items.at(-1)?.text === "done", 60_000);
    over = true;
    const typed = await typing;
    await idle(api);
    const text = document.getText();
    const lost = typed.filter((word) => !text.includes(word));
    assert.deepEqual(lost, [], `of ${typed.length} words`);
    const calls = api.sessions.conversation.items.filter((item) => item.kind === "tool");
    assert.equal(calls.length, EDITS);
    // What the model was told is what the text shows.
    calls.forEach((call, at) => {
      if (call.action === "edit") {
        assert.equal(text.includes(`model-${at} more`), call.status === "completed", `${call.title}: ${call.status}: ${call.output}`);
      }
    });
    const done = calls.filter((call) => call.status === "completed").length;
    console.log(`TOLD ${typed.length} words typed, ${done} of ${EDITS} calls done`);
    assert.ok(typed.length >= 20 && done >= EDITS / 2, "the race was one");
    await document.save();
    await until("the saved text", () => !document.isDirty && onDisk(file) === document.getText());
  } finally {
    formatter.dispose();
    await vscode.workspace.getConfiguration("editor").update("formatOnSave", undefined, vscode.ConfigurationTarget.Global);
  }
}

exports.run = () =>
  run(Object.fromEntries(SEEDS.map((seed) => [`no byte of the user's is lost (seed ${seed})`, () => race(seed)])));
