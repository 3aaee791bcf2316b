/** @jsxImportSource react */
import { type FormEvent, useState, useSyncExternalStore } from "react";
import type { Account } from "./account";

/** The log-in, above GraphiQL: whoever is logged in here, every tab runs as them. */
export function AccountBar({ account }: { account: Account }) {
  const user = useSyncExternalStore(account.onChange, () => account.user);
  const isResuming = useSyncExternalStore(account.onChange, () => account.isResuming);
  const [problem, setProblem] = useState("");
  const [busy, setBusy] = useState(false);

  async function attempt(action: () => Promise<void>) {
    setBusy(true);
    setProblem("");
    try {
      await action();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  }

  function logIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    void attempt(() => account.logIn(String(form.get("email")), String(form.get("password"))));
  }

  return (
    <header className="graphiql-container account-bar">
      <strong>Monitora</strong>
      <p role="status">{problem || account.problem}</p>
      {user ? (
        <>
          <span title="Sent with every operation of a tab whose headers hold no Authorization of their own.">
            {user.email} ({user.role.toLowerCase()})
          </span>
          <button type="button" disabled={busy} onClick={() => void attempt(() => account.logOut())}>
            Log out
          </button>
        </>
      ) : isResuming ? (
        <span>Logging in again…</span>
      ) : (
        <form onSubmit={logIn}>
          <input name="email" type="email" required autoComplete="username" placeholder="E-mail" aria-label="E-mail" />
          <input name="password" type="password" required autoComplete="current-password" placeholder="Password" aria-label="Password" />
          <button disabled={busy}>Log in</button>
        </form>
      )}
    </header>
  );
}
