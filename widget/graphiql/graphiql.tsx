/** @jsxImportSource react */
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import { EXAMPLES } from "./examples";
import { createFetcher } from "./fetcher";
import "./page.css";

createRoot(document.getElementById("graphiql")!).render(
  <GraphiQL
    fetcher={createFetcher()}
    defaultTabs={EXAMPLES}
    defaultEditorToolsVisibility="variables"
    shouldPersistHeaders={false}
  >
    <GraphiQL.Logo>
      <span className="logo">Monitora</span>
    </GraphiQL.Logo>
  </GraphiQL>,
);
