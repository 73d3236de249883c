import Foundation
import Tensors
import Testing

@testable import Detection

struct MixtureDensityTests {
  @Test("A mixture finds the components of its images, and its density is theirs")
  func mixture() {
    var random = RandomSource(seed: 4, stream: 14)
    // Two unit Gaussians in the plane, six apart along a diagonal, one three times as heavy.
    func row() -> [Double] {
      let noise = random.normal(2).map(Double.init)
      let side = random.uniform() < 0.75 ? -3.0 : 3.0
      return [noise[0] + side, noise[1] + side]
    }
    let rows = (0..<1200).map { _ in row() }
    let density = MixtureDensity(fitting: rows)
    #expect(density.weights.count == 2)
    let one = MixtureDensity(fitting: rows, components: 1)
    // Held-out surprise of the truth, less ln of the standardising scales: entropy of a unit Gaussian in the plane
    // plus that of the coin. Parameters fitted to n images cost about (number of them) / 2n = 0.005 more.
    let fresh = (0..<4000).map { _ in row() }
    let scale = density.deviation.reduce(0) { $0 + log($1) }
    func surprise(_ density: MixtureDensity) -> Double {
      fresh.reduce(0) { $0 + density.surprise(density.standardised($1)) } / Double(fresh.count) + scale
    }
    let coin = -0.75 * log(0.75) - 0.25 * log(0.25)
    let truth = log(2 * Double.pi * M_E) + coin
    // A draw's surprise has a standard deviation near 1.2: 0.02 over 4000.
    #expect(abs(surprise(density) - truth) < 0.08)
    #expect(surprise(one) > truth + 0.2)
  }
}
