-- difficulty error: does not fit
function target(chain)
  local x = pow_limit:number()
  return chain:target(0)
end
