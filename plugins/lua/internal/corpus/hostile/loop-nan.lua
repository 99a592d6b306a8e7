-- difficulty ok: a loop from nan never runs
function target(chain)
  for i = 0/0, 10 do error('ran') end
  return chain:target(0)
end
