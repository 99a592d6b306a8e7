-- reward result: below nothing
function subsidy() return -1 end
