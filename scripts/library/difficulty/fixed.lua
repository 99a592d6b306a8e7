-- fixed: the difficulty never changes.
-- Every block has the target of its parent. For tests and for chains whose
-- blocks are made by hand, such as regtest.
-- Parameters: none.

function target(chain)
  return chain:target(chain.height)
end
