// Parts Markdown that is still being written into blocks that are finished and the one at the end that is not.

/** Where the finished blocks of a text end. */
export interface Split {
  /** Finished blocks, each complete Markdown. */
  done: string[];
  /** The rest, which may still grow into something else. */
  tail: string;
  /** Whether the tail is inside a fenced block of code. */
  inFence: boolean;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const LIST = /^(?: {2,}|\t|[-*+] |\d{1,9}[.)] |> ?)/;

/** Split at blank lines that cannot be inside a block: not in a fence, not inside a list or a quotation. */
export function splitBlocks(text: string): Split {
  const done: string[] = [];
  let start = 0;
  let fence = "";
  let blank = false;
  let isList = false;
  let isFirst = true;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf("\n", at);
    const end = next < 0 ? text.length : next + 1;
    const line = text.slice(at, end);
    const mark = FENCE.exec(line)?.[1];
    if (fence) {
      if (mark && mark[0] === fence[0] && mark.length >= fence.length && line.trim() === mark) {
        fence = "";
      }
    } else if (line.trim() === "") {
      blank = true;
    } else {
      const whole = next >= 0;
      if (blank && !isFirst && (whole || line.length > 3) && !(isList && LIST.test(line))) {
        done.push(text.slice(start, at));
        start = at;
        isList = LIST.test(line);
      } else if (isFirst) {
        isList = LIST.test(line);
      }
      isFirst = false;
      blank = false;
      fence = mark ?? "";
    }
    at = end;
  }
  return { done, tail: text.slice(start), inFence: fence !== "" };
}
