package consensus

import "github.com/btcsuite/btcd/txscript/v2"

// scriptFault says why a script failed, in the words of Core's
// script/script_error.cpp. Empty: it did not.
type scriptFault string

const (
	faultUnknown            scriptFault = "unknown error"
	faultEvalFalse          scriptFault = "Script evaluated without error but finished with a false/empty top stack element"
	faultVerify             scriptFault = "Script failed an OP_VERIFY operation"
	faultEqualVerify        scriptFault = "Script failed an OP_EQUALVERIFY operation"
	faultCheckMultisig      scriptFault = "Script failed an OP_CHECKMULTISIGVERIFY operation"
	faultCheckSig           scriptFault = "Script failed an OP_CHECKSIGVERIFY operation"
	faultNumEqualVerify     scriptFault = "Script failed an OP_NUMEQUALVERIFY operation"
	faultScriptSize         scriptFault = "Script is too big"
	faultPushSize           scriptFault = "Push value size limit exceeded"
	faultOpCount            scriptFault = "Operation limit exceeded"
	faultStackSize          scriptFault = "Stack size limit exceeded"
	faultSigCount           scriptFault = "Signature count negative or greater than pubkey count"
	faultPubkeyCount        scriptFault = "Pubkey count negative or limit exceeded"
	faultBadOpcode          scriptFault = "Opcode missing or not understood"
	faultDisabledOpcode     scriptFault = "Attempted to use a disabled opcode"
	faultStackOperation     scriptFault = "Operation not valid with the current stack size"
	faultAltstackOperation  scriptFault = "Operation not valid with the current altstack size"
	faultReturn             scriptFault = "OP_RETURN was encountered"
	faultConditional        scriptFault = "Invalid OP_IF construction"
	faultNegativeLocktime   scriptFault = "Negative locktime"
	faultLocktime           scriptFault = "Locktime requirement not satisfied"
	faultSigHashType        scriptFault = "Signature hash type missing or not understood"
	faultSigDER             scriptFault = "Non-canonical DER signature"
	faultMinimalData        scriptFault = "Data push larger than necessary"
	faultPushOnly           scriptFault = "Only push operators allowed in signatures"
	faultHighS              scriptFault = "Non-canonical signature: S value is unnecessarily high"
	faultNullDummy          scriptFault = "Dummy CHECKMULTISIG argument must be zero"
	faultMinimalIf          scriptFault = "OP_IF/NOTIF argument must be minimal"
	faultNullFail           scriptFault = "Signature must be zero for failed CHECK(MULTI)SIG operation"
	faultUpgradableNops     scriptFault = "NOPx reserved for soft-fork upgrades"
	faultUpgradableProgram  scriptFault = "Witness version reserved for soft-fork upgrades"
	faultUpgradableTaproot  scriptFault = "Taproot version reserved for soft-fork upgrades"
	faultOpSuccess          scriptFault = "OP_SUCCESSx reserved for soft-fork upgrades"
	faultUpgradablePubkey   scriptFault = "Public key version reserved for soft-fork upgrades"
	faultPubkeyType         scriptFault = "Public key is neither compressed or uncompressed"
	faultCleanStack         scriptFault = "Stack size must be exactly one after execution"
	faultProgramLength      scriptFault = "Witness program has incorrect length"
	faultProgramEmpty       scriptFault = "Witness program was passed an empty witness"
	faultProgramMismatch    scriptFault = "Witness program hash mismatch"
	faultMalleated          scriptFault = "Witness requires empty scriptSig"
	faultMalleatedP2SH      scriptFault = "Witness requires only-redeemscript scriptSig"
	faultWitnessUnexpected  scriptFault = "Witness provided for non-witness script"
	faultWitnessPubkeyType  scriptFault = "Using non-compressed keys in segwit"
	faultSchnorrSize        scriptFault = "Invalid Schnorr signature size"
	faultSchnorrHashType    scriptFault = "Invalid Schnorr signature hash type"
	faultSchnorrSig         scriptFault = "Invalid Schnorr signature"
	faultControlSize        scriptFault = "Invalid Taproot control block size"
	faultValidationWeight   scriptFault = "Too much signature validation relative to witness weight"
	faultTapscriptMultisig  scriptFault = "OP_CHECKMULTISIG(VERIFY) is not available in tapscript"
	faultTapscriptMinimalIf scriptFault = "OP_IF/NOTIF argument must be minimal in tapscript"
	faultTapscriptPubkey    scriptFault = "Empty public key in tapscript"
	faultCodeSeparator      scriptFault = "Using OP_CODESEPARATOR in non-witness script"
	faultFindAndDelete      scriptFault = "Signature is found in scriptCode"
	faultScriptNum          scriptFault = "Script number overflowed or is non-minimally encoded"
)

// faultOf is the fault that a txscript error code stands for where that does
// not depend on the operation that failed; false for codes that running an
// input's scripts does not give.
func faultOf(code txscript.ErrorCode) (scriptFault, bool) {
	switch code {
	case txscript.ErrEarlyReturn:
		return faultReturn, true
	case txscript.ErrEmptyStack, txscript.ErrEvalFalse:
		return faultEvalFalse, true
	case txscript.ErrScriptTooBig:
		return faultScriptSize, true
	case txscript.ErrElementTooBig:
		return faultPushSize, true
	case txscript.ErrTooManyOperations:
		return faultOpCount, true
	case txscript.ErrStackOverflow:
		return faultStackSize, true
	case txscript.ErrInvalidPubKeyCount:
		return faultPubkeyCount, true
	case txscript.ErrInvalidSignatureCount:
		return faultSigCount, true
	case txscript.ErrNumberTooBig:
		return faultScriptNum, true
	case txscript.ErrVerify:
		return faultVerify, true
	case txscript.ErrEqualVerify:
		return faultEqualVerify, true
	case txscript.ErrNumEqualVerify:
		return faultNumEqualVerify, true
	case txscript.ErrCheckSigVerify:
		return faultCheckSig, true
	case txscript.ErrCheckMultiSigVerify:
		return faultCheckMultisig, true
	case txscript.ErrDisabledOpcode:
		return faultDisabledOpcode, true
	case txscript.ErrReservedOpcode, txscript.ErrMalformedPush:
		return faultBadOpcode, true
	case txscript.ErrInvalidStackOperation:
		return faultStackOperation, true
	case txscript.ErrUnbalancedConditional:
		return faultConditional, true
	case txscript.ErrNotPushOnly:
		return faultPushOnly, true
	case txscript.ErrCleanStack:
		return faultCleanStack, true
	case txscript.ErrNegativeLockTime:
		return faultNegativeLocktime, true
	case txscript.ErrUnsatisfiedLockTime:
		return faultLocktime, true
	}
	if f, ok := signatureFault(code); ok {
		return f, true
	}
	return witnessFault(code)
}

func signatureFault(code txscript.ErrorCode) (scriptFault, bool) {
	switch code {
	case txscript.ErrSigTooShort, txscript.ErrSigTooLong, txscript.ErrSigInvalidSeqID,
		txscript.ErrSigInvalidDataLen, txscript.ErrSigMissingSTypeID, txscript.ErrSigMissingSLen,
		txscript.ErrSigInvalidSLen, txscript.ErrSigInvalidRIntID, txscript.ErrSigZeroRLen,
		txscript.ErrSigNegativeR, txscript.ErrSigTooMuchRPadding, txscript.ErrSigInvalidSIntID,
		txscript.ErrSigZeroSLen, txscript.ErrSigNegativeS, txscript.ErrSigTooMuchSPadding:
		return faultSigDER, true
	case txscript.ErrInvalidSigHashType:
		return faultSigHashType, true
	case txscript.ErrSigHighS:
		return faultHighS, true
	case txscript.ErrSigNullDummy:
		return faultNullDummy, true
	case txscript.ErrPubKeyType:
		return faultPubkeyType, true
	case txscript.ErrNullFail:
		return faultNullFail, true
	case txscript.ErrMinimalData:
		return faultMinimalData, true
	case txscript.ErrMinimalIf:
		return faultMinimalIf, true
	case txscript.ErrDiscourageUpgradableNOPs:
		return faultUpgradableNops, true
	case txscript.ErrNonConstScriptCode:
		return faultFindAndDelete, true
	case txscript.ErrCodeSeparator:
		return faultCodeSeparator, true
	}
	return "", false
}

func witnessFault(code txscript.ErrorCode) (scriptFault, bool) {
	switch code {
	case txscript.ErrWitnessMalleated:
		return faultMalleated, true
	case txscript.ErrWitnessMalleatedP2SH:
		return faultMalleatedP2SH, true
	case txscript.ErrDiscourageUpgradableWitnessProgram:
		return faultUpgradableProgram, true
	case txscript.ErrWitnessProgramEmpty:
		return faultProgramEmpty, true
	case txscript.ErrWitnessProgramMismatch,
		txscript.ErrTaprootMerkleProofInvalid, txscript.ErrTaprootOutputKeyParityMismatch:
		return faultProgramMismatch, true
	case txscript.ErrWitnessProgramWrongLength:
		return faultProgramLength, true
	case txscript.ErrWitnessUnexpected:
		return faultWitnessUnexpected, true
	case txscript.ErrWitnessPubKeyType:
		return faultWitnessPubkeyType, true
	case txscript.ErrDiscourageOpSuccess:
		return faultOpSuccess, true
	case txscript.ErrDiscourageUpgradeableTaprootVersion:
		return faultUpgradableTaproot, true
	case txscript.ErrTapscriptCheckMultisig:
		return faultTapscriptMultisig, true
	case txscript.ErrDiscourageUpgradeablePubKeyType:
		return faultUpgradablePubkey, true
	case txscript.ErrTaprootSigInvalid:
		return faultSchnorrSig, true
	case txscript.ErrInvalidTaprootSigLen:
		return faultSchnorrSize, true
	case txscript.ErrControlBlockTooSmall, txscript.ErrControlBlockTooLarge, txscript.ErrControlBlockInvalidLength:
		return faultControlSize, true
	case txscript.ErrTaprootPubkeyIsEmpty:
		return faultTapscriptPubkey, true
	case txscript.ErrTaprootMaxSigOps:
		return faultValidationWeight, true
	}
	return "", false
}
