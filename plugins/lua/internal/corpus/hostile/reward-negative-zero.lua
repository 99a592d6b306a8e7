-- reward ok: is zero
function subsidy() return -0 end
