-- reward ok: the chain cuts it
function subsidy() return 9007199254740992 end
