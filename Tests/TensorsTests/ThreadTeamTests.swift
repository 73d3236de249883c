import Testing

@testable import Tensors

struct ThreadTeamTests {
  @Test("A team of any size takes each index once", arguments: [1, 2, 3, 5], [0, 1, 2, 7, 1000])
  func coversAll(threads: Int, count: Int) {
    let before = Engine.threads
    defer { Engine.threads = before }
    Engine.threads = threads
    var taken = [Int](repeating: 0, count: count)
    taken.withUnsafeMutableBufferPointer { taken in
      ThreadTeam.run(count) { range in
        for index in range { taken[index] += 1 }
      }
    }
    #expect(taken.allSatisfy { $0 == 1 })
  }
}
