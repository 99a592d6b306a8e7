package daemon

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"orrery/cmd/internal/datadir"
	"orrery/cmd/internal/wallets"
	"orrery/core/chain"
	"orrery/core/consensus"
	"orrery/wallet"
	"orrery/wallet/address"
)

// openWallets opens the wallets of the folder, and makes the first.
func (d *daemon) openWallets() error {
	if !d.s.Wallet.Enabled {
		return nil
	}
	kind, err := wallet.ParseAddressType(d.s.Wallet.AddressType)
	if err != nil {
		return err
	}
	d.wallets = wallets.New(wallets.Config{
		Folder: d.dir.Path(datadir.WalletFolder), Default: d.s.Wallet.Name, Codec: d.codec, AddressType: kind,
		Maturity: d.chain.params.Maturity, Now: func() int64 { return d.clock.Now().Unix() },
	}, d.host, d.out.Log)
	if err := d.lostWallet(); err != nil {
		return err
	}
	made, err := d.wallets.Start()
	if made {
		d.notes = append(d.notes, fmt.Sprintf("wallet %q was made and is not encrypted: who can read %s can spend from it",
			d.s.Wallet.Name, d.dir.Path(datadir.WalletFolder)))
		err = errors.Join(err, d.chain.store.Commit(&chain.Batch{Meta: []chain.KV{{Key: firstWalletKey, Value: []byte(d.s.Wallet.Name)}}}, true))
	}
	return err
}

// firstWalletKey names the stored name of the wallet that was made at the first
// start: a wallet that is gone is not silently replaced by an empty one.
const firstWalletKey = "wallet-made"

func (d *daemon) lostWallet() error {
	name, err := d.chain.store.Meta(firstWalletKey)
	if err != nil || string(name) != d.s.Wallet.Name {
		return err
	}
	files, err := d.wallets.Files()
	if err != nil && !errors.Is(err, fs.ErrNotExist) || slices.Contains(files, d.s.Wallet.Name) {
		return err
	}
	return fmt.Errorf("the wallet file %s is missing.\nPut it back from a backup, or restore it from its words: orrery wallet restore %s\n"+
		"Or take another wallet with --wallet.name NAME, or run without with --wallet.enabled false", d.wallets.Path(d.s.Wallet.Name), d.s.Wallet.Name)
}

// checkMoney looks at what coins depend on before a chain is opened or made.
func (d *daemon) checkMoney(params *consensus.Params) error {
	if err := d.checkPayout(params); err != nil {
		return err
	}
	if !d.s.Wallet.Enabled {
		return nil
	}
	return wallets.Check(d.dir.Path(datadir.WalletFolder))
}

// checkPayout finds a mistake in mining.address before anything is mined.
func (d *daemon) checkPayout(params *consensus.Params) error {
	if text := d.s.Mining.Address; text != "" {
		codec := address.Codec{Versions: params.Addresses}
		if _, err := codec.Decode(text); err != nil {
			return fmt.Errorf("mining.address %q is no address of this chain: %w", text, err)
		}
	}
	return nil
}

// miningLabel names the wallet's address that the miner pays to.
const miningLabel = "mining"

// payoutScript is who gets what is mined: mining.address, or one address of
// the default wallet that is kept for it.
func (d *daemon) payoutScript() ([]byte, error) {
	if text := d.s.Mining.Address; text != "" {
		a, err := d.codec.Decode(text)
		if err != nil {
			return nil, fmt.Errorf("mining.address: %w", err)
		}
		return a.Script(), nil
	}
	d.paying.Lock()
	defer d.paying.Unlock()
	if d.payout != nil {
		return d.payout, nil
	}
	if d.wallets == nil {
		return nil, errNoPayout
	}
	w, err := d.wallets.Loaded(d.s.Wallet.Name)
	if err != nil {
		return nil, fmt.Errorf("mining pays to the wallet %q, which is not loaded: make it with 'orrery wallet create %[1]s', load it with 'orrery cli loadwallet %[1]s', or set mining.address", d.s.Wallet.Name)
	}
	for _, a := range w.Addresses() {
		if a.Label == miningLabel {
			d.payout = a.Address.Script()
			return d.payout, nil
		}
	}
	a, err := w.NewAddress(d.wallets.AddressType(), miningLabel)
	if err != nil {
		return nil, err
	}
	d.payout = a.Script()
	return d.payout, nil
}

// walletText is the wallet's line in the banner.
func (d *daemon) walletText() string {
	if d.wallets == nil {
		return "off (wallet.enabled = false)"
	}
	w, err := d.wallets.Loaded(d.s.Wallet.Name)
	if err != nil {
		return fmt.Sprint(d.wallets.Names())
	}
	return fmt.Sprintf("%s (%s)", w.Name(), w.Path())
}
