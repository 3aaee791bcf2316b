"""Names, and when two of them are the same to a server."""

import re
import unicodedata

from sqlglot import exp

from rag.databases.guard.allowed import SqlDialect, words
from rag.databases.guard.refusal import Refused

MAX_NAME_BYTES = 60
"""PostgreSQL cuts names at 63 bytes, so that two long ones become one."""

_STATEMENT_WORDS = {
    SqlDialect.POSTGRES: words("ANALYSE ANALYZE DO FOR INTO LOCK RETURNING TABLE TABLESAMPLE"),
    SqlDialect.MYSQL: words(
        """ANALYSE CALL DELETE DO EXECUTE EXPLAIN FOR FORCE HANDLER IGNORE INSERT INTO KILL LOAD LOCK OPTION OPTIMIZE
        PARTITION PREPARE PROCEDURE RELEASE REPLACE RETURNING SHOW SIGNAL STRAIGHT_JOIN TABLE UNLOCK UPDATE USE XA
        """
    ),
    # The reserved words of Transact-SQL, and words that begin a statement though they are not reserved.
    SqlDialect.TSQL: words(
        """ADD ALL ALTER AND ANY AS ASC AUTHORIZATION BACKUP BEGIN BETWEEN BREAK BROWSE BULK BY CASCADE CASE CHECK
        CHECKPOINT CLOSE CLUSTERED COALESCE COLLATE COLUMN COMMIT COMPUTE CONSTRAINT CONTAINS CONTAINSTABLE CONTINUE
        CONVERT CREATE CROSS CURRENT CURRENT_DATE CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE DBCC
        DEALLOCATE DECLARE DEFAULT DELETE DENY DESC DISABLE DISK DISTINCT DISTRIBUTED DOUBLE DROP DUMP ELSE ENABLE END
        ERRLVL ESCAPE EXCEPT EXEC EXECUTE EXISTS EXIT EXTERNAL FETCH FILE FILLFACTOR FOR FOREIGN FREETEXT FREETEXTTABLE
        FROM FULL FUNCTION GET GO GOTO GRANT GROUP HAVING HOLDLOCK IDENTITY IDENTITYCOL IDENTITY_INSERT IF IN INDEX
        INNER INSERT INTERSECT INTO IS JOIN KEY KILL LEFT LIKE LINENO LOAD MERGE MOVE NATIONAL NOCHECK NOLOCK
        NONCLUSTERED NOT NULL NULLIF OF OFF OFFSETS ON OPEN OPENDATASOURCE OPENQUERY OPENROWSET OPENXML OPTION OR ORDER
        OUTER OVER PERCENT PIVOT PLAN PRECISION PRIMARY PRINT PROC PROCEDURE PUBLIC RAISERROR READ READTEXT RECEIVE
        RECONFIGURE REFERENCES REPLICATION RESTORE RESTRICT RETURN REVERT REVOKE RIGHT ROLLBACK ROWCOUNT ROWGUIDCOL
        RULE SAVE SCHEMA SECURITYAUDIT SELECT SEMANTICKEYPHRASETABLE SEMANTICSIMILARITYDETAILSTABLE
        SEMANTICSIMILARITYTABLE SEND SESSION_USER SET SETUSER SHUTDOWN SOME STATISTICS SYSTEM_USER TABLE TABLESAMPLE
        TEXTSIZE THEN THROW TO TOP TRAN TRANSACTION TRIGGER TRUNCATE TRY_CONVERT TSEQUAL UNION UNIQUE UNPIVOT UPDATE
        UPDATETEXT USE USER VALUES VARYING VIEW WAITFOR WHEN WHERE WHILE WITH WITHIN WRITETEXT
        """
    ),
}
_PERSONAL = ("mail", "phone", "iban", "salary", "passw", "pwd", "token", "secret", "cost_price", "address", "birth")
_WORD = re.compile(r"\w+")
_ASCII_LOWER = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def key_of(name: str, dialect: SqlDialect, *, is_quoted: bool = False) -> str:
    """Return what two spellings of one name have in common.

    PostgreSQL folds the ASCII letters of names that are not quoted. The others compare without case; what differs by
    more, such as accents, is another name here, which the allow list then does not hold.
    """
    if dialect is SqlDialect.POSTGRES:
        return name if is_quoted else name.translate(_ASCII_LOWER)
    return name.casefold()


def identifier_key(identifier: exp.Identifier, dialect: SqlDialect) -> str:
    """Return the key of a name in a statement."""
    return key_of(identifier.name, dialect, is_quoted=bool(identifier.args.get("quoted")))


def spelled(identifier: exp.Identifier, dialect: SqlDialect) -> str:
    """Return a name as it is to be written in quotation marks."""
    if dialect is SqlDialect.POSTGRES:
        return identifier_key(identifier, dialect)
    return identifier.name


def skeleton(name: str) -> str:
    """Return what is left of a name without case, accents, widths and blanks: what some server may compare by."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return "".join(unicodedata.normalize("NFKD", plain.casefold()).split())


def looks_personal(name: str) -> bool:
    """Tell whether a name is one that columns with personal data or secrets have."""
    plain = skeleton(name).replace("-", "")
    return any(word in plain for word in _PERSONAL)


def check_identifiers(tree: exp.Expr, dialect: SqlDialect) -> None:
    """Raise `Refused` where a name is a word that could begin a statement or a clause, or is too long."""
    for identifier in tree.find_all(exp.Identifier):
        name = identifier.name
        is_quoted = identifier.args.get("quoted")
        # sqlglot also takes key words of two words for names.
        if not is_quoted and (name.upper() in _STATEMENT_WORDS[dialect] or not _WORD.fullmatch(name)):
            raise Refused(f"The word {name.upper()} is not a name here.")
        if any(mark in name for mark in "{}?\\'\"`"):
            raise Refused("A name holds a mark that is not allowed in names.")
        if not name.strip() or name != name.strip() or len(name.encode()) > MAX_NAME_BYTES:
            raise Refused(f"A name is empty, begins or ends with a blank, or has more than {MAX_NAME_BYTES} bytes.")


def quoted(name: str) -> exp.Identifier:
    """Return a name for a tree."""
    return exp.Identifier(this=name, quoted=True)
