import Testing

@testable import Detection

struct SensitivityTests {
  @Test("The say is the square of how far altered images lie, next to nothing for what sees none of it")
  func weights() throws {
    // A normal score that is moved by d is above another with a probability of Phi(d / sqrt 2): .8413 at d = sqrt 2, .9772 at twice that.
    let known = Sensitivity(areas: [.spatial: 0.841345, .gaussian: 0.97725, .joint: 0.5, .bands: 0.2])
    let weights = try #require(known.weights(of: [.spatial, .gaussian, .joint, .bands, .eyes]))
    #expect(abs(weights[0] - 0.25) < 1e-4 && weights[1] == 1, "\(weights)")
    #expect(weights[2...].allSatisfy { abs($0 - 0.01) < 1e-6 })
    #expect(known.weights(of: [.joint, .bands]) == nil)
    // Of parts that are spoiled too: the product. What sees either alone has next to no say.
    let flaws = Sensitivity(
      areas: [.spatial: 0.841345, .gaussian: 0.97725, .joint: 0.97725],
      flaws: [.spatial: 0.97725, .gaussian: 0.97725, .bands: 0.97725])
    let both = try #require(flaws.weights(of: [.spatial, .gaussian, .joint, .bands]))
    #expect(abs(both[0] - 0.25) < 1e-4 && both[1] == 1 && abs(both[2] - 0.01) < 1e-6 && both[3] == both[2])
    // What always sees it is no more than what nearly always does.
    #expect(Sensitivity(areas: [.spatial: 1]).weights(of: [.spatial]) == [1])
  }
}
