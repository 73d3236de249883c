/// Noise levels as statistics take them: neighbouring nodes averaged into at most eight.
///
/// More evaluations then make the same features less noisy, where keeping every node would make more of them, each as
/// noisy, for the same number of images to fit.
enum Levels {
  static let most = 8

  /// The nodes of each level, ascending.
  static func groups(_ nodes: Int) -> [Range<Int>] {
    let count = min(nodes, most)
    return (0..<count).map { $0 * nodes / count..<($0 + 1) * nodes / count }
  }

  /// Means over each level's nodes of `[nodes, width]` values: `[levels, width]`.
  static func average(_ values: [Float], nodes: Int) -> [Double] {
    guard nodes > 0 else { return [] }
    let width = values.count / nodes
    return groups(nodes).flatMap { group in
      (0..<width).map { k in
        group.reduce(0) { $0 + Double(values[$1 * width + k]) } / Double(group.count)
      }
    }
  }
}
