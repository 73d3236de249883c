import COneDNN
import Testing

@testable import Tensors

struct FrozenWeightsTests {
  static let specs: [ParameterSpec] = [
    .init("a.weight", [16, 8, 3, 3], .scaledNormal(gain: 1, fanIn: 72)), .init("a.bias", [16], .constant(0)),
  ]

  static var weights: FrozenWeights {
    let parameters = Parameters(specs)
    parameters.initialise(seed: 2)
    return FrozenWeights(parameters)
  }

  @Test("A part is laid out once for each layout")
  func once() throws {
    let weights = Self.weights
    let part = FrozenWeights.Part(name: "a.weight", first: 0, shape: [16, 8, 3, 3])
    var made = 0
    func buffer(_ layout: Descriptor) throws -> AlignedBuffer {
      try weights.buffer(of: part, in: layout) { _ in made += 1 }
    }
    let blocked = try Descriptor([16, 8, 3, 3], .float32, dnnl_OIhw8i8o)
    let first = try buffer(blocked)
    let again = try buffer(try Descriptor([16, 8, 3, 3], .float32, dnnl_OIhw8i8o))
    #expect(first === again && made == 1)
    let other = try buffer(try Descriptor([16, 8, 3, 3], .bfloat16, dnnl_OIhw8i8o))
    #expect(other !== first && made == 2)
  }

  @Test("What cannot be laid out is not taken for laid out")
  func failure() throws {
    let weights = Self.weights
    let part = FrozenWeights.Part(name: "a.weight", first: 0, shape: [16, 8, 3, 3])
    let layout = try Descriptor([16, 8, 3, 3], .float32, dnnl_OIhw8i8o)
    let failed = EngineError.operationFailed(operation: "test", status: 1)
    #expect(throws: failed) {
      try weights.buffer(of: part, in: layout) { _ throws(EngineError) in throw failed }
    }
    var made = false
    _ = try weights.buffer(of: part, in: layout) { _ in made = true }
    #expect(made)
  }

  @Test("A thawed copy is written without a trace in the frozen")
  func thawed() throws {
    let weights = Self.weights
    let before = weights.read(Self.specs[0])
    try weights.thawed.write([Float](repeating: 9, count: before.count), to: "a.weight")
    #expect(weights.read(Self.specs[0]) == before)
    #expect(throws: EngineError.self) { try FrozenWeights(Self.specs) { _ in [0] } }
  }
}
