"""What cannot be done as it was asked for. Nothing was changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from provisor.text.row import Row

REFUSALS: Final[Mapping[str, Row]] = {
    "Refused": Row("This cannot be done; nothing was changed."),
    "InternalError": Row(
        "Provisor met something it did not expect[ ({fault})].",
        "Run `provisor logs` to see how far it came, and report it with the output of `provisor serve`.",
    ),
    "RequestStale": Row("This was asked for too long ago, and nobody waits for it any more.", "Ask again."),
    "SecretEmpty": Row("{field} is empty.", "Give the file that holds it."),
    "HomeNotDemo": Row(
        "The folder {home} is not empty, and not a demo's: it is left alone.", "Name another with `--home`."
    ),
    "DatabaseNotDemo": Row(
        "The database that PROVISOR_DATABASE_URL names is not empty: the demo leaves it alone.",
        "Name an empty one, or unset PROVISOR_DATABASE_URL.",
    ),
    "ExamplesMissing": Row("The sample people are not there.", "Run `make demo` in a clone of the repository."),
    "DemoFailed": Row(
        "The demo did not do what it should: {step}[ (exit {exit})].",
        "The logs of the service and the emulator are in the demo's home.",
    ),
    # ---- apps ----------------------------------------------------------------------------------------------------
    "NoSuchApp": Row(
        'No app is called "{name}"[; there are: {apps}].',
        "`provisor app list` shows the apps; `provisor app add` adds one from the gallery.",
    ),
    "AmbiguousApp": Row('"{name}" could be any of these apps: {apps}.', "Give the whole name, or the app's id."),
    "UnknownApp": Row(
        'The gallery has no app "{app}"[; perhaps {suggestions} is meant].',
        "`provisor gallery search` lists what there is.",
    ),
    "AppNameInvalid": Row(
        "An app's name has 1 to 120 characters[; this one begins with {name}].", "Choose another with `--name`."
    ),
    "AppNameTaken": Row('There is an app called "{name}" already.', "Choose another with `--name`."),
    "ManifestInvalid": Row("The manifest {file} is wrong: {problem}.", "Mend the file; its error names the place."),
    "UnknownCredential": Row(
        'This app has no credential "{key}"[; it has {known}].', "`provisor app show APP` lists them."
    ),
    "UnknownSetting": Row(
        'This app has no setting "{key}"[; it has {known}].', "`provisor app settings APP` lists them."
    ),
    "SettingInvalid": Row(
        '{key} cannot be "{value}"[; it takes {choices}].', "`provisor app settings APP` lists them with their choices."
    ),
    "AddressInvalid": Row(
        '{field} must be an https address, and "{value}" is none.',
        "Give https://…; plain http is taken for 127.0.0.1 and localhost only.",
    ),
    "RateTooHigh": Row(
        "{rate} requests a second is outside what this target allows[, which is up to {hard}].",
        "Set a lower one: `provisor app settings APP rateLimit=8`.",
    ),
    "IntervalInvalid": Row(
        "An interval of {interval} cannot be used[; it must be between {shortest} and {longest}].",
        "Set another, in seconds: `provisor app settings APP interval=1200`.",
    ),
    "MailInvalid": Row('"{email}" is no e-mail address.', "Give one such as it@example.com."),
    "MailMissing": Row(
        "There is no address to notify for {app}.", "Give one: `provisor app notify APP --email ADDRESS`."
    ),
    "ModeManual": Row(
        "{app} is in manual mode, in which nothing runs.", "Switch it with `provisor app mode APP automatic`."
    ),
    "CredentialsMissing": Row(
        "{app} still needs: {fields}.", "Give them with `provisor app credentials APP`, then test the connection."
    ),
    # ---- people and assignments ----------------------------------------------------------------------------------
    "UnknownUser": Row(
        'The directory has no user "{name}".', "`provisor directory users` lists them; `--deleted` the recycle bin."
    ),
    "UnknownEntry": Row(
        'The directory has neither a user nor a group "{name}".',
        "`provisor directory users` and `provisor directory groups` list them; `--deleted` the recycle bin.",
    ),
    "UnknownGroup": Row(
        'The directory has no group "{name}".', "`provisor directory groups` lists them; `--deleted` the recycle bin."
    ),
    "TooManyChosen": Row(
        "{given} people are too many to be provisioned on demand: {most} are the most.",
        "Run a cycle: `provisor sync APP`.",
    ),
    "MappingOff": Row("The mapping of users is switched off.", "Switch it on: `provisor app mappings import`."),
    "AmbiguousUser": Row('Several users are called "{name}": {ids}.', "Give one of the ids."),
    "AmbiguousGroup": Row('Several groups are called "{name}": {ids}.', "Give the id."),
    "EntryDeleted": Row("{name} is in the recycle bin.", "Bring it back first: `provisor directory restore`."),
    "EntryDeletedAlready": Row(
        "{name} is in the recycle bin already.", "With `--purge`, `provisor directory delete` deletes for good."
    ),
    "AlreadyAssigned": Row("{name} is assigned to {app} as {role} already."),
    "NotAssignedHere": Row(
        "{name} has no such assignment to {app}.",
        "`provisor app assignments APP` lists them; membership of a group ends in the group.",
    ),
    "RoleNeeded": Row("This app has several roles: {roles}.", "Name one with `--role`."),
    "UnknownRole": Row('This app has no role "{role}"[; it has {roles}].', "Name one with `--role`."),
    "DomainInvalid": Row(
        '"{domain}" is no domain name.',
        "Give one such as corp.example, in letters, digits and hyphens; other alphabets are written as xn--….",
    ),
    "FileExists": Row("{file} is there already, and was left as it is.", "Add `--force` to replace it."),
    "FileUnwritable": Row("{file} cannot be written: {because}.", "Check the path, the disk and who may write there."),
    "FileUnreadable": Row("{file} cannot be read: {because}.", "Check the path and who may read it."),
    # ---- running -------------------------------------------------------------------------------------------------
    "AlreadyRunning": Row(
        "This home is in use by process {pid}[ since {since}][ ({purpose})].",
        "Wait for it or stop it; one process at a time runs cycles in a home.",
    ),
    "PortTaken": Row(
        "The service cannot listen on 127.0.0.1, port {port}: {because}.", "Set PROVISOR_PORT to a port that is free."
    ),
    "CycleRunning": Row(
        "A cycle of {job} has not ended yet.",
        "Wait for it: `provisor status`; what a crash left over, the service or the next `provisor sync` finishes.",
    ),
    "CycleTakenOver": Row("Cycle {cycle} was taken over by another process.", "That process finishes it."),
    "ServiceGone": Row(
        "The service stopped before it had finished this.",
        "Start it again with `provisor serve`: it goes on from where it was.",
    ),
    "UnknownRequest": Row('The service knows no request "{kind}".', "Let command and service be of one version."),
    "UnknownScope": Row('There is no restart scope "{scope}"[; there are {scopes}].'),
    "UnknownPlan": Row("There is no plan {plan}.", "`provisor plan list APP` lists the saved ones."),
    "PlanUsed": Row("Plan {plan} was applied or discarded already.", "Make a new one: `provisor plan APP --save`."),
    "PlanOutdated": Row(
        "Plan {plan} does not hold any more[: since it was made, this changed: {moved}].",
        "Make a new one: `provisor plan APP --save`.",
    ),
    "TooManyDeletes": Row(
        "This would take access away from {destructive} people, and {allowed} may be disabled without asking.",
        "Look at them (`provisor plan APP`); if they are meant, agree to that very number with `--allow N`.",
    ),
    # ---- home, key, database -------------------------------------------------------------------------------------
    "HomeUnusable": Row(
        "The home {home} cannot be used: {because}.", "Set PROVISOR_HOME to a folder that you may write to."
    ),
    "DatabaseUnusable": Row(
        "The database cannot be used[: {detail}].",
        "Check that the disk has room and that PROVISOR_HOME may be written; with PROVISOR_DATABASE_URL, the server.",
    ),
    "DatabaseUrlInvalid": Row(
        "PROVISOR_DATABASE_URL cannot be used: {problem}.",
        "Set it to postgresql://USER:PASSWORD@HOST/DATABASE, with signs such as @ or / in the password written as %40 "
        "or %2F; or leave it out: then the database is a file in the home.",
    ),
    "DatabaseUnreachable": Row(
        "The database server {server} cannot be reached[: {detail}].",
        "Check that it runs, and the host and port in PROVISOR_DATABASE_URL.",
    ),
    "DatabaseLoginRefused": Row(
        "The database server {server} does not let us in: {detail}.",
        "Check the user and the password in PROVISOR_DATABASE_URL, and the server's pg_hba.conf.",
    ),
    "DatabaseMissing": Row(
        'The server {server} has no database "{database}".',
        "Create it: `createdb --owner=USER --encoding=UTF8 --template=template0 NAME`.",
    ),
    "DatabaseForbidden": Row(
        "In the database {database} we may not do all that we must: {detail}.",
        "Let the user in PROVISOR_DATABASE_URL own the database: ALTER DATABASE … OWNER TO ….",
    ),
    "DatabaseEncoding": Row(
        "The database {database} has the encoding {encoding}, in which not every name can be written.",
        "Create it anew: `createdb --owner=USER --encoding=UTF8 --template=template0 NAME`.",
    ),
    "DatabaseInUse": Row(
        "Another home runs cycles on the database {database}[ ({holder})].",
        "Stop that service, or give each home a database of its own.",
    ),
    "DatabaseTooNew": Row(
        "The database {path} was written by a newer Provisor[ (schema {version})].", "Use that version, or a backup."
    ),
    "KeyInvalid": Row(
        "The master key[ of {origin}] is no key: it must be {expected}[, and this has {length} bytes].",
        "Give the key that this home was made with; without it no stored secret can be read.",
    ),
    "KeyFileUnreadable": Row(
        "The key file {file} cannot be used: {because}.", "Check PROVISOR_KEY_FILE and who may read the file."
    ),
    "KeyFileTooOpen": Row("Others may read the key file {file}[ (mode {mode})].", "Close it with `chmod 600`."),
    "SecretUnreadable": Row(
        "A stored secret ({field}) cannot be opened: {because}.",
        "Start with the key that sealed it, or give it anew: `provisor app credentials APP`.",
    ),
    # ---- expressions ---------------------------------------------------------------------------------------------
    "ExpressionSyntax": Row("The expression breaks off at line {line}, column {column}[; expected {expected}]."),
    "ExpressionTooLong": Row("The expression has {length} characters[; {expected}]."),
    "ExpressionTooDeep": Row("The expression is nested too deeply at line {line}, column {column}[: {expected}]."),
    "UnknownFunction": Row(
        "There is no function {function} (line {line}, column {column})[; perhaps {suggestion} is meant]."
    ),
    "UnknownAttribute": Row(
        "There is no attribute {attribute} (line {line}, column {column})[; perhaps {suggestion} is meant].",
        "`provisor directory attributes` lists what people have; names are told apart by capital letters.",
    ),
    "UnknownWord": Row("{word} stands alone at line {line}, column {column}[; expected {expected}]."),
    "WrongNumberOfArguments": Row(
        "{function} takes {expected} arguments and was given {given} (line {line}, column {column})."
    ),
    "ArgumentMissing": Row("{function} needs its {expected}, which is empty (line {line}, column {column})."),
    "ArgumentInvalid": Row(
        "{function} cannot use an argument (line {line}, column {column})[: expected is {expected}][, found {found}]"
        "[: {problem}]."
    ),
    "OutermostOnly": Row(
        "{function} stands within another function (line {line}, column {column}).",
        "Make it the outermost function of the expression.",
    ),
    "CaseInvalid": Row(
        "A case is not of the right form[: number {number} of {file}][, {case}][: in its attribute {attribute}]"
        "[: {because}].",
        "Mend it; no case was run.",
    ),
    "CasesMissing": Row(
        "{file} holds no cases[: {because}].", "Give a JSON list of cases, or an object whose `cases` are such a list."
    ),
    "SourceInvalid": Row(
        "The attributes[ in {file}] cannot be used[ because of {attribute}]: {because}.",
        "Give a JSON object of attributes: texts, whole numbers, true, false, null, and lists of texts.",
    ),
    "FileNotJson": Row("{file} cannot be read as JSON[, line {line}]: {because}.", "Mend the file."),
}
