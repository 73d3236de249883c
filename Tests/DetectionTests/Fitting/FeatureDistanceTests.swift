import Testing

@testable import Detection

struct FeatureDistanceTests {
  @Test("Nearest counts each feature in its own deviations, and one that never differs not at all")
  func nearest() {
    // The second feature differs a thousand times as much as the first; the third by nothing.
    let rows: [[Float]] = [[0, 0, 5], [1, 1000, 5], [2, 2000, 5], [3, 0, 5]]
    let distance = FeatureDistance(rows)
    for (row, features) in rows.enumerated() { #expect(distance.nearest(to: features) == row) }
    #expect(distance.nearest(to: [0.2, 900, 77]) == 1)
    #expect(distance.nearest(to: [2.8, 300, 5]) == 3)
    #expect(distance.nearest(to: [0, 0, 5], among: [1, 2]) == 1)
    #expect(distance.nearest(to: [0, 0, 5], among: []) == nil)
    #expect(FeatureDistance([]).nearest(to: []) == nil)
    #expect(distance.nearest(to: [1]) == nil)
  }
}
