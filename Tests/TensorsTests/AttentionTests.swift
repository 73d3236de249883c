import Foundation
import Testing

@testable import Tensors

/// Attention as it is defined, in double precision, one image and head after another.
struct PlainAttention {
  let shape: [Int]
  let heads: Int
  private var places: Int { shape[1] * shape[2] }
  private var width: Int { shape[3] / heads }
  private var scale: Double { 1 / Double(width).squareRoot() }
  /// The largest of the scores' sizes, of what reaches a weight on the way back, and of the sums of a place's weights over
  /// all that look at it: what rounding is multiplied by.
  private(set) var largestScore = 0.0
  private(set) var largestPull = 0.0
  private(set) var largestShare = 0.0

  init(_ shape: [Int], heads: Int) { (self.shape, self.heads) = (shape, heads) }

  private func index(_ image: Int, _ place: Int, _ head: Int, _ channel: Int) -> Int {
    ((image * places + place) * heads + head) * width + channel
  }

  /// - Parameter dy: the result's gradient.
  /// - Returns: the result, and the gradients of query, key and value.
  mutating func callAsFunction(
    _ q: [Float], _ k: [Float], _ v: [Float], _ dy: [Float]
  ) -> (y: [Double], dq: [Double], dk: [Double], dv: [Double]) {
    var y = [Double](repeating: 0, count: q.count)
    var (dq, dk, dv) = (y, y, y)
    for image in 0..<shape[0] {
      for head in 0..<heads {
        var shares = [Double](repeating: 0, count: places)
        for i in 0..<places {
          func at(_ place: Int, _ c: Int) -> Int { index(image, place, head, c) }
          func product(_ a: [Float], _ b: [Float], _ j: Int) -> Double {
            (0..<width).reduce(0) { $0 + Double(a[at(i, $1)]) * Double(b[at(j, $1)]) }
          }
          let scores = (0..<places).map { scale * product(q, k, $0) }
          let exponentials = scores.map { exp($0) }
          let weights = exponentials.map { $0 / exponentials.reduce(0, +) }
          let pulls = (0..<places).map { product(dy, v, $0) }
          let mean = zip(weights, pulls).reduce(0) { $0 + $1.0 * $1.1 }
          for j in 0..<places {
            let slope = scale * weights[j] * (pulls[j] - mean)
            shares[j] += weights[j]
            for c in 0..<width {
              y[at(i, c)] += weights[j] * Double(v[at(j, c)])
              dq[at(i, c)] += slope * Double(k[at(j, c)])
              dk[at(j, c)] += slope * Double(q[at(i, c)])
              dv[at(j, c)] += weights[j] * Double(dy[at(i, c)])
            }
          }
          largestScore = max(largestScore, scores.map(abs).max() ?? 0)
          largestPull = max(largestPull, pulls.map(abs).max() ?? 0)
        }
        largestShare = max(largestShare, shares.max() ?? 0)
      }
    }
    return (y, dq, dk, dv)
  }
}

struct AttentionTests {
  /// Images, places, channels and heads such as networks have, and odd ones.
  static let forms: [(shape: [Int], heads: Int)] = [
    ([2, 3, 5, 8], 2), ([1, 7, 7, 128], 2), ([3, 2, 2, 6], 1), ([2, 1, 1, 4], 4), ([4, 8, 8, 32], 1),
  ]

  /// Multiples of an eighth from -1 to 1, which bfloat16 holds exactly.
  static func eighths(_ shape: [Int], _ stream: UInt64) -> [Float] {
    var random = RandomSource(seed: 4, stream: stream)
    return (0..<shape.reduce(1, *)).map { _ in Float(Int(random.next() % 17)) / 8 - 1 }
  }

  /// A graph of attention alone between conversions, run forward and, in training, backward.
  static func run(
    _ shape: [Int], heads: Int, mode: Graph.Mode, precision: Precision, inputs: [[Float]], dy: [Float]
  ) throws -> (y: [Float], gradients: [[Float]]) {
    let graph = Graph(engine: try Engine(), mode: mode, parameters: Parameters([]))
    let values = try inputs.map { _ in try graph.input(shape) }
    let inner = try values.map { try graph.convert($0, to: precision == .bfloat16 ? .bfloat16 : .float32) }
    let y = try graph.convert(
      try graph.attention(query: inner[0], key: inner[1], value: inner[2], heads: heads), to: .float32)
    graph.output(y)
    if mode == .training { try graph.differentiate(y, wanted: values) }
    try graph.compile()
    for (value, input) in zip(values, inputs) { graph.write(input, to: value) }
    // Twice: what is overwritten on the way must not matter.
    for _ in 0..<2 {
      try graph.forward()
      guard mode == .training else { continue }
      graph.withGradient(of: y) { _ = $0.update(from: dy) }
      try graph.backward()
    }
    let gradients = values.compactMap { graph.withGradient(of: $0) { Array($0) } }
    return (graph.read(y), gradients)
  }

  /// With u what one rounding takes of a number, and inputs up to 1: a score is off by u times the largest, the weights by
  /// twice that share and u, and what they weigh by as much; on the way back the pulls on weights are rounded too, and
  /// each gradient is weighed by weights whose sum is 1, or a place's share.
  @Test(
    "Attention and its gradients are what they are by definition",
    arguments: forms, Precision.supported.filter { $0 != .direct })
  func definition(form: (shape: [Int], heads: Int), precision: Precision) throws {
    let (shape, heads) = form
    let inputs = (0..<3).map { Self.eighths(shape, UInt64($0)) }
    let dy = Self.eighths(shape, 3)
    var plain = PlainAttention(shape, heads: heads)
    let exact = plain(inputs[0], inputs[1], inputs[2], dy)
    let (places, width) = (shape[1] * shape[2], shape[3] / heads)
    // Sums are in float32 in either precision.
    let unit =
      (precision == .bfloat16 ? pow(2, -8) : 0) + Double(places + width) * pow(2, -24)
    let weights = unit * (2 + 2 * plain.largestScore)
    let slopes = weights * plain.largestPull * 4 / Double(width).squareRoot()
    for mode in [Graph.Mode.training, .inference] {
      let found = try Self.run(
        shape, heads: heads, mode: mode, precision: precision, inputs: inputs, dy: dy)
      Self.expectClose(found.y, exact.y, weights, "result")
      guard mode == .training else { continue }
      Self.expectClose(found.gradients[0], exact.dq, slopes, "query")
      Self.expectClose(found.gradients[1], exact.dk, slopes * max(plain.largestShare, 1), "key")
      Self.expectClose(found.gradients[2], exact.dv, weights * max(plain.largestShare, 1), "value")
    }
  }

  static func expectClose(_ found: [Float], _ exact: [Double], _ tolerance: Double, _ name: String) {
    let worst = zip(found, exact).map { abs(Double($0) - $1) }.max() ?? .infinity
    #expect(found.count == exact.count && worst <= tolerance, "\(name): off by \(worst) of \(tolerance)")
  }

  @Test("Places in another order come out in that order")
  func permutation() throws {
    let (shape, heads) = ([2, 3, 4, 8], 2)
    let places = shape[1] * shape[2]
    // A step of five visits all twelve.
    func permuted(_ values: [Float]) -> [Float] {
      (0..<shape[0]).flatMap { image in
        (0..<places).flatMap { place in
          let start = (image * places + place * 5 % places) * shape[3]
          return values[start..<start + shape[3]]
        }
      }
    }
    let inputs = (0..<3).map { Self.eighths(shape, UInt64($0)) }
    func result(_ inputs: [[Float]]) throws -> [Float] {
      try Self.run(shape, heads: heads, mode: .inference, precision: .float32, inputs: inputs, dy: []).y
    }
    let (straight, turned) = (try result(inputs), try result(inputs.map(permuted)))
    // Sums of twelve weights and values up to 1 in another order.
    for (a, b) in zip(permuted(straight), turned) { #expect(abs(a - b) <= 12 * 4 * 0x1p-24) }
    #expect(straight != turned)
  }

  @Test("Images know nothing of each other")
  func apart() throws {
    let shape = [2, 2, 3, 4]
    var inputs = (0..<3).map { Self.eighths(shape, UInt64($0)) }
    let before = try Self.run(
      shape, heads: 2, mode: .inference, precision: .float32, inputs: inputs, dy: []
    ).y
    let half = before.count / 2
    for index in inputs.indices { for i in half..<before.count { inputs[index][i] = 1 - inputs[index][i] } }
    let after = try Self.run(shape, heads: 2, mode: .inference, precision: .float32, inputs: inputs, dy: []).y
    #expect(before[..<half] == after[..<half] && before[half...] != after[half...])
  }

  @Test("Heads that do not divide the channels, and shapes that differ, are refused")
  func refusals() throws {
    let graph = Graph(engine: try Engine(), mode: .inference, parameters: Parameters([]))
    let (x, other) = (try graph.input([1, 2, 2, 6]), try graph.input([1, 2, 3, 6]))
    #expect(throws: EngineError.self) { try graph.attention(query: x, key: x, value: x, heads: 4) }
    #expect(throws: EngineError.self) { try graph.attention(query: x, key: x, value: x, heads: 0) }
    #expect(throws: EngineError.self) { try graph.attention(query: x, key: other, value: x, heads: 2) }
  }
}
