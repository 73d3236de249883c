import Tensors

/// `w * x + b`, padded so that stride 1 keeps the size and stride 2 halves it.
struct Convolution: Layer {
  let name: String
  let input: Int
  let output: Int
  var kernel = 3
  var stride = 1
  /// Of the starting weights' variance times the fan-in; 0 starts at zero.
  var gain: Float = 1
  /// What biases start at.
  var bias: Float = 0

  var parameters: [ParameterSpec] {
    let fanIn = input * kernel * kernel
    return [
      .init(
        "\(name).weight", [output, input, kernel, kernel],
        gain == 0 ? .constant(0) : .scaledNormal(gain: gain, fanIn: fanIn)),
      .init("\(name).bias", [output], .constant(bias)),
    ]
  }

  /// `swish(w * x + b + shift) + adding`, as far as asked (`Graph.convolution`).
  func callAsFunction(
    _ x: Graph.Value, shift: Graph.Value? = nil, swish: Bool = false, adding: Graph.Value? = nil,
    staysOpen: Bool = false, in graph: Graph
  ) throws(EngineError) -> Graph.Value {
    try graph.convolution(
      x, weight: "\(name).weight", bias: "\(name).bias", stride: stride, shift: shift, swish: swish,
      adding: adding, staysOpen: staysOpen)
  }
}
