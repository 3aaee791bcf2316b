/** Colours that stay readable whatever accent a workspace chose (contrast of WCAG 2.2, 1.4.3). */
export interface Accent {
  /** The accent itself, as a background. */
  fill: string;
  /** Text on the accent. */
  onFill: string;
  /** The accent as text on the light theme's surfaces. */
  onLight: string;
  /** The accent as text on the dark theme's surfaces. */
  onDark: string;
}

type Colour = readonly [number, number, number];

const WHITE: Colour = [255, 255, 255];
const BLACK: Colour = [0, 0, 0];
const NEARLY_BLACK: Colour = [17, 20, 24];
/** The least favourable surfaces of each theme (see `launcher.css`). */
const LIGHT_SURFACE: Colour = [238, 240, 243];
const DARK_SURFACE: Colour = [44, 48, 56];
const DEFAULT: Colour = [79, 70, 229];
const READABLE = 4.5;

/** @param text `#rgb` or `#rrggbb`; anything else, or nothing, gives the default accent. */
export function accent(text: string | null): Accent {
  const fill = parse(text ?? "") ?? DEFAULT;
  return {
    fill: write(fill),
    onFill: write(contrast(fill, WHITE) >= READABLE ? WHITE : contrast(fill, NEARLY_BLACK) >= READABLE ? NEARLY_BLACK : BLACK),
    onLight: write(towards(fill, BLACK, LIGHT_SURFACE)),
    onDark: write(towards(fill, WHITE, DARK_SURFACE)),
  };
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: Colour, other: Colour): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export function parse(text: string): Colour | undefined {
  const short = /^#([\da-f])([\da-f])([\da-f])$/i.exec(text.trim());
  const long = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(text.trim());
  const digits = short ? short.slice(1).map((digit) => digit + digit) : long?.slice(1);
  return digits && (digits.map((pair) => parseInt(pair, 16)) as unknown as Colour);
}

function write(colour: Colour): string {
  return `#${colour.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
}

function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The first step from a colour towards another that is readable on a surface. */
function towards(colour: Colour, end: Colour, surface: Colour): Colour {
  for (let step = 0; step < 20; step++) {
    const mixed = colour.map((value, index) => value + ((end[index]! - value) * step) / 20) as unknown as Colour;
    if (contrast(mixed, surface) >= READABLE) return mixed;
  }
  return end;
}
