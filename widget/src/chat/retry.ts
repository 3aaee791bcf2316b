import { Failure } from "../graphql";

const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 10_000;

export type Link = "online" | "reconnecting";

/** Asks until the network lets it through, or until it is given up. @throws Failure when the server refuses. */
export async function untilReached<Result>(
  ask: () => Promise<Result>,
  onLink: (link: Link) => void,
  signal: AbortSignal,
): Promise<Result> {
  for (let attempt = 0; ; attempt++) {
    try {
      const result = await ask();
      onLink("online");
      return result;
    } catch (error) {
      if (signal.aborted || !(error instanceof Failure) || error.code !== "NETWORK") throw error;
      onLink("reconnecting");
      await pause(attempt, signal);
    }
  }
}

/** Waits, longer each time and never in step with other pages; ends early when the network is back. */
export function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, longest * (0.5 + Math.random() / 2));
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
