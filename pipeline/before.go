package pipeline

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// checkInputs looks for the inputs that no stage before makes.
func checkInputs(stages []Stage) error {
	var made []string
	for _, stage := range stages {
		plan := stage.Plan()
		for _, path := range plan.Inputs {
			if slices.Contains(made, path) {
				continue
			}
			if err := CheckInput(path); err != nil {
				return err
			}
		}
		made = append(made, plan.Outputs...)
	}
	return nil
}

// checkOutputs refuses early what could be written nowhere: exit 73.
func checkOutputs(stages []Stage) error {
	for _, stage := range stages {
		for _, path := range stage.Plan().Outputs {
			if err := CheckWritable(filepath.Dir(path), path); err != nil {
				return err
			}
		}
	}
	return nil
}

// CheckWritable tells, without making it, whether the output at path can be made in
// dir, which may not be there yet: exit 73 where it cannot.
func CheckWritable(dir, path string) error {
	dir = filepath.Clean(dir)
	for {
		info, err := os.Stat(dir)
		switch {
		case err == nil && !info.IsDir():
			return createError(path, &fs.PathError{Op: "mkdir", Path: dir, Err: unix.ENOTDIR})
		case err == nil:
			if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
				return createError(path, &fs.PathError{Op: "access", Path: dir, Err: err})
			}
			return nil
		case !errors.Is(err, fs.ErrNotExist) || filepath.Dir(dir) == dir:
			return createError(path, err)
		}
		dir = filepath.Dir(dir)
	}
}

// checkFolders refuses early what PublishDir would refuse late.
func checkFolders(plan Plan) error {
	for _, path := range plan.Outputs {
		names, folder := plan.Folders[path]
		if !folder {
			continue
		}
		if err := CheckReplaceable(path, names); err != nil {
			return err
		}
	}
	return nil
}

// CheckInput tells, without opening it, whether path is a file or a folder:
// opening a pipe or a device may wait for ever. Otherwise exit 66.
func CheckInput(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return Explain(err)
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return NoInput("%s: is a pipe or a device: name a file, which can be read more than once", path)
	}
	return nil
}
