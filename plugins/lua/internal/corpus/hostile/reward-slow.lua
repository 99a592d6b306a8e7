-- reward budget: failure 92
function subsidy() while true do end end
