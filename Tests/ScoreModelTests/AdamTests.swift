import Foundation
import Tensors
import Testing

@testable import ScoreModel

struct AdamTests {
  static func parameters() -> Parameters {
    // Sizes beside multiples of 16: there are gaps.
    let parameters = Parameters([
      .init("a", [5, 7], .scaledNormal(gain: 1, fanIn: 1)), .init("b", [3], .constant(0.5)),
      .init("c", [64], .constant(0)),
    ])
    parameters.initialise(seed: 2)
    return parameters
  }

  /// Algorithm 1 of Kingma and Ba with the decay of Loshchilov and Hutter's algorithm 2, as printed, in double precision.
  struct Reference {
    var values: [Double]
    var average: [Double]
    private var first: [Double]
    private var second: [Double]

    init(_ values: [Double]) {
      self.values = values
      average = values
      first = values.map { _ in 0 }
      second = first
    }

    mutating func update(
      _ gradients: [Double], step: Int, rate: Double, decay: Double, clip: Double, averaging: Double
    ) -> Double {
      let norm = gradients.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for i in values.indices {
        let g = gradients[i] * min(1, clip / norm)
        first[i] = 0.9 * first[i] + 0.1 * g
        second[i] = 0.99 * second[i] + 0.01 * g * g
        let m = first[i] / (1 - pow(0.9, Double(step)))
        let v = second[i] / (1 - pow(0.99, Double(step)))
        values[i] -= rate * (m / (v.squareRoot() + 1e-8) + decay * values[i])
        average[i] = averaging * average[i] + (1 - averaging) * values[i]
      }
      return norm
    }
  }

  @Test("Updates are those of the papers, with and without clipping", arguments: [0.5, 1e6])
  func reference(clip: Double) {
    let parameters = Self.parameters()
    let start = parameters.withValues { Array($0) }
    var adam = Adam(start: start)
    var reference = Reference(start.map(Double.init))
    var random = RandomSource(seed: 3)
    let steps = 60
    for step in 1...steps {
      let gradients = random.normal(parameters.count)
      parameters.withGradients { _ = $0.update(from: gradients) }
      let norm = adam.update(
        parameters, step: step, rate: 0.01, decay: 0.1, clip: Float(clip), averaging: 0.9)
      let exact = reference.update(
        gradients.map(Double.init), step: step, rate: 0.01, decay: 0.1, clip: clip, averaging: 0.9)
      #expect(abs(Double(norm) - exact) < 1e-6 * exact)
    }
    // A step rounds values of size at most 4 to 2^-22 and changes of size 0.01 to a few 2^-24 of themselves; a rule that
    // differs anywhere differs by some 0.01.
    let tolerance = Double(steps) * 0x1p-22
    let values = parameters.withValues { Array($0) }
    #expect(zip(values, reference.values).allSatisfy { abs(Double($0) - $1) < tolerance })
    #expect(zip(adam.average, reference.average).allSatisfy { abs(Double($0) - $1) < tolerance })
    #expect(zip(values, start).contains { abs($0 - $1) > 0.1 })
  }

  @Test("A gradient that is no number changes nothing, and is told")
  func notFinite() {
    for bad in [Float.nan, .infinity] {
      let parameters = Self.parameters()
      let start = parameters.withValues { Array($0) }
      var adam = Adam(start: start)
      parameters.withGradients { $0[17] = bad }
      let norm = adam.update(parameters, step: 1, rate: 0.01, decay: 0.1, clip: 1, averaging: 0.9)
      #expect(!norm.isFinite)
      #expect(parameters.withValues { Array($0) } == start && adam.average == start)
      #expect(adam.first.allSatisfy { $0 == 0 } && adam.second.allSatisfy { $0 == 0 })
    }
  }
}
