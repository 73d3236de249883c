import Foundation
import Testing

@testable import Tensors

/// Forward passes against PyTorch's in float64 (Reference/forward.py made Reference/forward.json).
///
/// The largest sum has 28 products of values up to about 4: float32 rounding stays below 28 * 16 * 2^-24 = 3e-5.
struct ForwardTests {
  static let tolerance: Float = 3e-5

  struct Array: Decodable {
    let shape: [Int]
    let values: [Float]
  }

  struct Case: Decodable {
    let inputs: [Array]
    let parameters: [String: Array]
    let output: Array
  }

  static let cases: [String: Case] = {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Reference/forward.json")
    // A missing file fails the tests below by name.
    guard let json = try? Data(contentsOf: path) else { return [:] }
    return (try? JSONDecoder().decode([String: Case].self, from: json)) ?? [:]
  }()

  @Test(
    "Layers compute what PyTorch computes",
    arguments: [
      "conv1", "conv3", "halve", "block", "layerNorm", "linear", "linearSwish", "swish", "add", "upsample",
      "concatenate",
    ], [Graph.Mode.training, .inference])
  func forward(name: String, mode: Graph.Mode) throws {
    let expected = try #require(Self.cases[name])
    // In inference a batch shares one shift; rows of their own are training's.
    if name == "block", mode == .inference { return }
    let parameters = Parameters(
      expected.parameters.map { ParameterSpec($0.key, $0.value.shape, .constant(0)) })
    for (name, array) in expected.parameters { try parameters.write(array.values, to: name) }
    let graph = Graph(engine: try Engine(), mode: mode, parameters: parameters)
    let inputs = try expected.inputs.map { try graph.input($0.shape) }
    let y = try Self.build(name, graph, inputs, expected)
    graph.output(y)
    try graph.compile()
    try graph.prepare()
    for (value, array) in zip(inputs, expected.inputs) { graph.write(array.values, to: value) }
    try graph.forward()
    #expect(y.shape == expected.output.shape)
    for (found, wanted) in zip(graph.read(y), expected.output.values) {
      #expect(abs(found - wanted) <= Self.tolerance)
    }
  }

  static func build(
    _ name: String, _ graph: Graph, _ inputs: [Graph.Value], _ expected: Case
  ) throws -> Graph.Value {
    let x = inputs[0]
    switch name {
    case "conv1", "conv3": return try graph.convolution(x, weight: "weight", bias: "bias")
    case "halve": return try graph.convolution(x, weight: "weight", bias: "bias", stride: 2)
    case "block":
      return try graph.convolution(
        x, weight: "weight", bias: "bias", shift: inputs[1], swish: true, adding: x)
    case "layerNorm": return try graph.layerNorm(x, scale: "scale", shift: "shift")
    case "linear": return try graph.linear(x, weight: "weight", bias: "bias")
    case "linearSwish": return try graph.linear(x, weight: "weight", bias: "bias", swish: true)
    case "swish": return try graph.swish(x)
    case "add": return try graph.add(x, inputs[1])
    case "upsample":
      return try graph.upsample(x, height: expected.output.shape[1], width: expected.output.shape[2])
    default: return try graph.concatenate(x, inputs[1])
    }
  }
}
