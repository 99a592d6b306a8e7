package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"orrery/cmd/internal/datadir"
	"orrery/cmd/internal/wallets"
	"orrery/core/consensus"
	"orrery/rpc/client"
	"orrery/wallet/address"
	"orrery/wallet/keyfile"
	"orrery/wallet/keys"
)

func newWalletRestore(w *walletCommand) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "restore NAME",
		Short: "Bring a wallet back from its words",
		Long: "Make a wallet from the words that were written down. It asks for them, or reads them from\n" +
			"standard input; never from the command line, which others can see and the shell keeps. It\n" +
			"works without a running node, too. Labels and comments do not follow from the words, and\n" +
			"neither does what was paid to an address behind 200 others that were never paid.",
		Example: "  orrery wallet restore savings\n  orrery wallet restore savings < words.txt",
		Args: func(cmd *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("give only the NAME: the words are asked for, so that nobody sees them on the command line")
			case len(args) != 1 || cmd.Flags().Changed(walletFlag):
				return fmt.Errorf("give the wallet one NAME; see \"%s --help\"", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return w.restore(cmd.Context(), args[0]) },
	}
	hideWalletFlag(cmd)
	return cmd
}

func (w *walletCommand) restore(ctx context.Context, name string) error {
	words, err := w.readWords(ctx)
	if err != nil {
		return err
	}
	if words, err = keys.CleanWords(words); err != nil {
		return fmt.Errorf("%w. Nothing was made", err)
	}
	err = w.restoreInNode(ctx, name, words)
	if errors.Is(err, client.ErrNotRunning) {
		return w.restoreFile(name, words, err)
	}
	return err
}

// maxWords bounds how many words are read at a terminal: no wallet has more.
const maxWords = 24

// maxWordsText bounds what is read, in bytes: words with their numbers and
// plenty of space.
const maxWordsText = 1 << 16

// readWords asks at the terminal, or reads all of standard input. Numbers, with
// which "create" shows the words, are left out. It does not outlast ctx.
func (w *walletCommand) readWords(ctx context.Context) (string, error) {
	asks := isTerminal(w.Stdin)
	if asks {
		fmt.Fprint(w.Stderr, "The words of the wallet, in their order, then an empty line:\n")
	}
	type result struct {
		words []string
		err   error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		lines := bufio.NewScanner(io.LimitReader(w.Stdin, maxWordsText))
		for (!asks || len(r.words) < maxWords) && lines.Scan() {
			if asks && strings.TrimSpace(lines.Text()) == "" {
				break
			}
			for _, word := range strings.Fields(lines.Text()) {
				if strings.Trim(word, "0123456789.") != "" {
					r.words = append(r.words, word)
				}
			}
		}
		r.err = lines.Err()
		done <- r
	}()
	select {
	case r := <-done:
		if r.err == nil && len(r.words) == 0 {
			r.err = errors.New("there are no words to read: type them when asked, or give them on standard input")
		}
		return strings.Join(r.words, " "), r.err
	case <-ctx.Done():
		return "", errors.New("nothing was made")
	}
}

func (w *walletCommand) restoreInNode(ctx context.Context, name, words string) error {
	open, err := w.on(name)
	if err != nil {
		return err
	}
	defer open.Close()
	var raw json.RawMessage
	if err := open.call(ctx, &raw, "restorewalletwords", name, words); err != nil {
		return createFailure(name, err)
	}
	if w.json {
		return open.printRaw(raw)
	}
	h, err := open.holding(ctx)
	if err != nil {
		return fmt.Errorf("the wallet %q was restored, but its balance cannot be shown: %w", name, err)
	}
	open.out.printf("The wallet %s was restored%s: %s\n", open.out.paint(bold, name), open.where(name), h)
	open.out.printf("Next: orrery wallet history --wallet %s\n", name)
	return nil
}

// restoreFile makes the file in the data folder of a node that is not running,
// as one that misses its wallet is not. notRunning is told when there is no
// such folder, or when the command line means a node elsewhere.
func (w *walletCommand) restoreFile(name, words string, notRunning error) error {
	s, err := w.settings()
	if err != nil {
		return err
	}
	if asksForAddress(s) || !exists(filepath.Join(s.Node.DataDir, datadir.ChainFile)) {
		return notRunning
	}
	dir, err := datadir.Open(s.Node.DataDir)
	if err != nil {
		return err
	}
	path, err := restoreIn(dir, name, words)
	if err = errors.Join(err, dir.Close()); err != nil {
		return err
	}
	out := newPage(w.Main)
	if w.json {
		raw, err := json.Marshal(created{Name: name})
		if err != nil {
			return err
		}
		return printResult(w.Stdout, client.Format(raw))
	}
	out.printf("The wallet %s was restored (%s).\n", out.paint(bold, name), path)
	out.printf("No node is running: its next start finds the coins in the chain. Next: orrery node\n")
	return nil
}

func restoreIn(dir *datadir.Dir, name, words string) (path string, err error) {
	raw, err := dir.Read(datadir.ChainFile)
	if err != nil {
		return "", fmt.Errorf("%s: %w", dir.Path(datadir.ChainFile), err)
	}
	file, err := consensus.ParseChainFile(raw)
	if err != nil {
		return "", fmt.Errorf("%s: %w", dir.Path(datadir.ChainFile), err)
	}
	params, err := file.Params()
	if err != nil {
		return "", fmt.Errorf("%s: %w", dir.Path(datadir.ChainFile), err)
	}
	path, err = wallets.RestoreFile(dir.Path(datadir.WalletFolder), name, words, address.Codec{Versions: params.Addresses})
	if errors.Is(err, keyfile.ErrExists) {
		return "", fmt.Errorf("there is a wallet %q already: choose another name, or move its file away", name)
	}
	return path, err
}
