"""How often what may be done, and by whom: the one table of rates.

Each is a window that moves with the clock. An operator sets another number, or none, by the rate's name.
"""

from core.rate_limits import Rate

ANONYMOUS_PER_ADDRESS = Rate(
    "anonymous_per_address",
    "3000/minute",
    "operations without a token from one address",
    "fifty a second: no school behind one address reaches it, a loop does",
)
OPERATION_PER_ACCOUNT = Rate(
    "operation_per_account",
    "1200/minute",
    "operations of one account",
    "twenty a second: far above a dashboard that asks again by itself, below a loop",
    is_shared=False,
)
OPERATION_PER_VISITOR = Rate(
    "operation_per_visitor",
    "240/minute",
    "operations of one visitor",
    "four a second: the chat needs two to open and two for each question",
    is_shared=False,
)
VISITOR_OPERATION_PER_ADDRESS = Rate(
    "visitor_operation_per_address",
    "6000/minute",
    "operations of visitors from one address",
    "25 visitors at their own rate; one person with many visits is bounded too",
    is_shared=False,
)
LOGIN_PER_ADDRESS = Rate(
    "login_per_address",
    "60/minute",
    "logins from one address",
    "a team behind one address that arrives at nine; each try costs the server 64 MB for some 50 ms",
)
LOGIN_PER_ACCOUNT = Rate(
    "login_per_account",
    "20/minute",
    "logins to one account from one address",
    "above the wrong passwords that lock it; by address too, so that a stranger cannot use up the owner's tries",
)
REGISTER_PER_ADDRESS = Rate(
    "register_per_address",
    "60/minute",
    "new accounts from one address",
    "a class that begins together; each costs the server as much as a login",
)
REGISTER_PER_ADDRESS_DAILY = Rate(
    "register_per_address_daily",
    "1000/day",
    "new accounts of one day from one address",
    "no company makes a thousand accounts in a day; each may have workspaces and files",
)
REFRESH_PER_ADDRESS = Rate(
    "refresh_per_address",
    "240/minute",
    "session refreshes from one address",
    "an access token lives a quarter of an hour: 3,600 open sessions behind one address",
)
VISIT_PER_KEY = Rate(
    "visit_per_key",
    "3000/minute",
    "visits with one API key",
    "the key is public: a bound that strangers reach easily would close the chat of a busy site",
)
VISIT_PER_ADDRESS = Rate(
    "visit_per_address",
    "600/minute",
    "visits from one address",
    "ten chats opened a second, from one school or through one proxy",
)
MESSAGE_PER_VISITOR = Rate(
    "message_per_visitor",
    "60/minute",
    "messages of one visitor",
    "a question a second: far faster than answers are read, and a page that errs is bounded",
)
MESSAGE_PER_ACCOUNT = Rate(
    "message_per_account",
    "120/minute",
    "messages of one account",
    "staff try their assistant by hand or by a script of questions",
)
MESSAGE_PER_ADDRESS = Rate(
    "message_per_address",
    "1200/minute",
    "messages from one address",
    "a hundred people who ask twelve times a minute; one person with many visits is bounded too",
)
MESSAGE_PER_ADDRESS_DAILY = Rate(
    "message_per_address_daily",
    "10000/day",
    "messages of one day from one address",
    "a school of a hundred people who each ask a hundred times; what one address makes the database keep is bounded",
)
CONVERSATION_PER_VISITOR = Rate(
    "conversation_per_visitor",
    "60/hour",
    "conversations begun by one visitor",
    "one a minute, the whole hour: a person who begins again after each answer does not reach it",
)
WORKSPACE_PER_ACCOUNT = Rate(
    "workspace_per_account",
    "60/hour",
    "workspaces created by one account",
    "an agency that sets up its customers by hand or by a script",
)
KEY_PER_ACCOUNT = Rate(
    "key_per_account",
    "120/hour",
    "API keys created by one account",
    "a key for each of a hundred sites, made in one go",
)
UPLOAD_PER_ACCOUNT = Rate(
    "upload_per_account",
    "120/minute",
    "uploads of one account",
    "a folder dropped at once, sent two files a second",
)
UPLOAD_PER_ACCOUNT_DAILY = Rate(
    "upload_per_account_daily",
    "10000/day",
    "uploads of one day by one account",
    "a whole workspace filled in a day; files that are uploaded and deleted in turn leave rows for a while",
)
DOWNLOAD_PER_ACCOUNT = Rate(
    "download_per_account",
    "600/minute",
    "downloads of one account",
    "ten a second: a reader that asks for a long file in parts does not reach it, a loop does",
    is_shared=False,
)
EXPORT_PER_ACCOUNT = Rate(
    "export_per_account",
    "60/hour",
    "exports of one account",
    "a report a minute; an export of a large workspace keeps a connection of the database busy for minutes",
)
KEEPING_PER_ACCOUNT = Rate(
    "keeping_per_account",
    "6000/hour",
    "conversations archived or deleted by one account",
    "a hundred a minute: a team that clears its archive does not reach it; each leaves a row in the audit log",
)
SHARE_PER_ACCOUNT = Rate(
    "share_per_account",
    "60/hour",
    "workspaces shared by one account",
    "sharing tells whether an address has an account: a team is shared with in one go, a list of addresses is not",
)
DATABASE_PER_ACCOUNT = Rate(
    "database_per_account",
    "60/minute",
    "external databases added or moved by one account",
    "each looks a name up, which takes a thread for as long as it takes",
)
WEBSITE_PER_ACCOUNT = Rate(
    "website_per_account",
    "60/hour",
    "websites added or refreshed by one account",
    "each asks the server of somebody else: twenty websites set up and tried a few times",
)

SEARCH_PER_ACCOUNT = Rate(
    "search_per_account",
    "120/minute",
    "searches of one account",
    "as often as its messages: staff try words by hand or by a script of questions",
)

CURRENT_PASSWORD_PER_SESSION = Rate(
    "current_password_per_session",
    "",
    "tries at the current password",
    "no setting of its own: as many as lock the login, in as long as that lock lasts",
)

RATES = (
    ANONYMOUS_PER_ADDRESS,
    OPERATION_PER_ACCOUNT,
    OPERATION_PER_VISITOR,
    VISITOR_OPERATION_PER_ADDRESS,
    LOGIN_PER_ADDRESS,
    LOGIN_PER_ACCOUNT,
    REGISTER_PER_ADDRESS,
    REGISTER_PER_ADDRESS_DAILY,
    REFRESH_PER_ADDRESS,
    VISIT_PER_KEY,
    VISIT_PER_ADDRESS,
    MESSAGE_PER_VISITOR,
    MESSAGE_PER_ACCOUNT,
    MESSAGE_PER_ADDRESS,
    MESSAGE_PER_ADDRESS_DAILY,
    CONVERSATION_PER_VISITOR,
    WORKSPACE_PER_ACCOUNT,
    KEY_PER_ACCOUNT,
    UPLOAD_PER_ACCOUNT,
    UPLOAD_PER_ACCOUNT_DAILY,
    DOWNLOAD_PER_ACCOUNT,
    EXPORT_PER_ACCOUNT,
    KEEPING_PER_ACCOUNT,
    SHARE_PER_ACCOUNT,
    DATABASE_PER_ACCOUNT,
    WEBSITE_PER_ACCOUNT,
    SEARCH_PER_ACCOUNT,
)
