/** @jsxImportSource react */
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import { Account } from "./account";
import { AccountBar } from "./account-bar";
import { EXAMPLES } from "./examples";
import { createFetcher } from "./fetcher";
import "./page.css";

const endpoint = new URL("/graphql", location.href);
const account = new Account(endpoint);

createRoot(document.getElementById("page")!).render(
  <>
    <AccountBar account={account} />
    <GraphiQL
      fetcher={createFetcher(endpoint, account)}
      defaultTabs={EXAMPLES}
      defaultEditorToolsVisibility="variables"
      shouldPersistHeaders={false}
      showPersistHeadersSettings={false}
    />
  </>,
);
