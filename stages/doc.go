// Package stages holds one file per stage: the only place where io, model and
// pipeline meet.
//
// A stage is a struct with its options and paths (plan.go; Ingest and Prepare
// in their own files), and three methods: Name, Plan, and
//
//	func (s *Train) Run(ctx context.Context, job *pipeline.Job) error
//
// in a file of the stage's name. To add a stage, do these four things:
//
//  1. its options in options.go, with kong's tags, their defaults in
//     defaults.go, their limits in validate.go;
//  2. its struct and Plan in plan.go: every file it reads or writes, by Layout;
//  3. its Run. Outputs are published with pipeline.PublishFile and PublishDir,
//     numbers said with job.Count, doubts with job.Warn, advance with
//     job.Progress. Errors of the io packages are returned as they are:
//     ExitCode knows them. Other bad input is pipeline.BadInput;
//  4. its command in cli.go of the main package, in the order of the data.
//
// What takes hours keeps what it has done in a pieceLog (piecelog.go), or a checkpoint,
// that Plan names as Partial; what --dry-run tells of a stage is its Expect (estimate*.go).
//
// To add a format of counts: its reader under io, passing io/counts/countstest; how
// it is told in formats.go; how it is opened and described in childread.go; its own
// options in readoptions.go, and in reading.go which formats have a use for them.
//
// Data in: input files, or what earlier stages wrote.
// Data out: the files that Layout names.
// Only main imports it.
package stages
