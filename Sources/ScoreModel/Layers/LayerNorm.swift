import Tensors

/// Normalisation over each pixel's channels.
struct LayerNorm: Layer {
  let name: String
  let channels: Int

  var parameters: [ParameterSpec] {
    [
      .init("\(name).scale", [channels], .constant(1)), .init("\(name).shift", [channels], .constant(0)),
    ]
  }

  func callAsFunction(_ x: Graph.Value, in graph: Graph) throws(EngineError) -> Graph.Value {
    try graph.layerNorm(x, scale: "\(name).scale", shift: "\(name).shift")
  }
}
