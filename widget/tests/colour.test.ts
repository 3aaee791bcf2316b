import assert from "node:assert/strict";
import { test } from "node:test";
import { accent, contrast, parse } from "../src/colour";

const READABLE = 4.5;
const STEPS = ["00", "33", "66", "99", "cc", "ff"];
const COLOURS = STEPS.flatMap((red) => STEPS.flatMap((green) => STEPS.map((blue) => `#${red}${green}${blue}`)));

test("whatever the accent, text on it and in it can be read", () => {
  for (const colour of COLOURS) {
    const { fill, onFill, onLight, onDark } = accent(colour);
    assert.equal(fill, colour);
    for (const [text, surface] of [[onFill, fill], [onLight, "#eef0f3"], [onDark, "#2c3038"]] as const) {
      assert.ok(contrast(parse(text)!, parse(surface)!) > READABLE - 0.05, `${text} on ${surface}`);
    }
  }
});

test("without an accent, or with one that is no colour, the default is taken", () => {
  assert.equal(accent(null).fill, accent("red; background: url(x)").fill);
  assert.equal(accent("#abc").fill, "#aabbcc");
});
