/// How a number of network evaluations is spent: two replicates of half as many nodes where that leaves at least
/// four nodes, one replicate otherwise.
struct QuadratureSize {
  let nodes: Int
  let replicates: Int

  init(evaluations count: Int) {
    replicates = count >= 8 && count % 2 == 0 ? 2 : 1
    nodes = count / replicates
  }
}
