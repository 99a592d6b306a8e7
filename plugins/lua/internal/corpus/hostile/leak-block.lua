-- reward error: failure 99
function subsidy(block)
  block.issued = 0
  return 1
end
