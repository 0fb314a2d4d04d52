/** The command was given in a way that it does not understand. Printed without a stack; exit code 2. */
export class CommandError extends Error {}

export const help = `Usage: fibril <command> [options] FILE …

  fibril run [options] FILE [arguments of the program]
      Runs a program whose code simply blocks: TypeScript or JavaScript, ESM or CommonJS.

      --include PATTERN    compile these dependencies too: a package (express, @acme/*) or a path (vendor/**)
      --exclude PATTERN    leave these files as they are
      --no-patch           keep the blocking calls of node:fs and others as they are
      --no-cache           do not keep compiled code on disk
      --stress             park at every call: a program that survives it does not depend on luck
      --watchdog[=MS]      tell which function holds the loop for longer than MS (100) milliseconds
      --inspect-signal     answer fibril dump, and SIGUSR2 by a line for each task on standard error
      --inspect-fibril[=PORT]
                           serve the inspector's page on 127.0.0.1; its address is written to standard error
      --leaks              tell at the end which tasks never ended
      --reports            tell of deadlocks, long waits, holds of the loop, queues that only grow, and leaks

  fibril check [--json] FILE …
      Tells for each function whether it may park, through which calls over which files, and how it is
      compiled; and what may park in a function that is handed to atomic.

  fibril deferred [--svg] FILE
      Fires a chain of callbacks and draws which of them its result goes through: a text in the notation of the
      simulator (- is standard input), or a module that exports chain(deferred, later), and fire, if that is to fire it.

      --chain TEXT         the chain itself, with ; between its lines: "callback 1; throw oops; | give 2"
      --svg                a picture in place of text
      --colour             colours, also where the output is no terminal
      --wait MS            how long it may wait for a promise (5000)

  fibril worker [--nats URL] [options] MODULE
      Serves the functions of a module to a cluster, until it is told to stop (SIGINT, SIGTERM): then it finishes what runs.

      --name NAME          of the cluster; that of the module's file if left out
      --module-version V   calls come only from submitters that say the same; a digest of the module's text if left out
      --threads N          how many run; as many as there are processors if left out
      --lease MS           a durable job of which nothing is heard for so long goes to another worker (30000)

  fibril jobs [--nats URL] [--json] CLUSTER [list | show ID | retry ID | purge jobs|results|dead]
      Lists the durable jobs of a cluster, shows one, makes a dead letter a job again, throws away.

      --creds FILE, --ca FILE, --cert FILE, --key FILE
                           for both: credentials, and TLS; a user and a password can be in the URL

  fibril ps [--json] [PID | URL]
      Lists your processes that can be asked, or the tasks of one of them, a line each.

      --wait MS            how long an answer may take (2000, or 5000)

  fibril top [--once] [PID | URL]
      Shows what the tasks of a process do, as it happens. Keys: s sort, / filter, t tree, arrows, q quit.

      --once               print it once; so does an output that is no terminal
      --interval MS        how often the tasks are looked at (1000)

  fibril dump [--json] PID
      Asks a program that was started with --inspect-signal, or FIBRIL_INSPECT=1, what each of its tasks waits for.

      --json               as data
      --wait MS            how long it may take to answer (5000)

  fibril trace -o FILE [--for MS] [--max-events N] [options of fibril run] FILE [arguments of the program]
      Runs a program as fibril run does, and writes what its tasks did to a file that Perfetto and Chrome open.

      --for MS             for so long from the start; the program goes on
      --max-events N       so many events at most (2000000)

  fibril --help, fibril --version

Options of Node itself go to Node: node --inspect --import fibril/green/register FILE
`
