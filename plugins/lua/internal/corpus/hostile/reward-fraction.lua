-- reward result: half a satoshi
function subsidy() return 0.5 end
