import Tensors

/// `x W + b`.
struct Linear: Layer {
  let name: String
  let input: Int
  let output: Int

  var parameters: [ParameterSpec] {
    [
      .init("\(name).weight", [input, output], .scaledNormal(gain: 1, fanIn: input)),
      .init("\(name).bias", [output], .constant(0)),
    ]
  }

  func callAsFunction(
    _ x: Graph.Value, swish: Bool = false, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    try graph.linear(x, weight: "\(name).weight", bias: "\(name).bias", swish: swish)
  }
}
