// Package pipeline is the contract of a stage and how a run goes.
//
// A Stage reads files and writes files. Execute runs stages in a row over one
// folder: it skips those whose recorded result still stands, records what the
// others read and wrote in run.json, and keeps two runs out of one folder.
// PublishFile and PublishDir make outputs appear under their final names only
// when they are whole, and never instead of the user's own files. Error and ExitCode hold the table of exit codes, Config
// the YAML file that carries flags.
//
// Data in: stages, options and run.json of earlier runs.
// Data out: run.json, log lines, an exit code.
// main and stages import it; it imports no other package of cellvi.
package pipeline
