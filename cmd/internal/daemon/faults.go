package daemon

import (
	"errors"
	"slices"

	"orrery/cmd/internal/host"
)

// told joins what went wrong, each fault once: several parts of a node find the
// same one, and others fail only because the node under them has ended.
func told(faults ...error) error {
	var list []error
	for _, err := range faults {
		if err != nil && !slices.ContainsFunc(list, func(earlier error) bool { return errors.Is(earlier, err) }) {
			list = append(list, err)
		}
	}
	echo := func(err error) bool { return errors.Is(err, host.ErrStopped) }
	if causes := slices.DeleteFunc(slices.Clone(list), echo); len(causes) > 0 {
		list = causes
	}
	return errors.Join(list...)
}
