/** The file name of the part that is loaded when the chat opens: written in by the build. */
declare const CHAT_FILE: string;

/** The SHA-256 of each operation's text, by the operation's name: written in by the build. */
declare const OPERATION_HASHES: Record<string, string>;

/** A stylesheet's text, minified by the build. */
declare module "*.css" {
  const text: string;
  export default text;
}
