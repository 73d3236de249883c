import Foundation
import Images
import Synchronization
import Testing

@testable import Surprisal

struct SamplingTests {
  @Test("Images followed are those drawn without, from noise to what they became, on any number of threads")
  func trajectory() throws {
    let model = try Discs.model()
    let plain = try Scorer(model, compute: Discs.compute).sample(5, steps: 12, seed: 3)
    for threads in [1, 2] {
      let told = Mutex<[(Int, Int)]>([])
      let samples = try Scorer(model, compute: Compute(threads: threads)).samples(
        5, following: 3, frames: 8, steps: 12, seed: 3
      ) { done, all in told.withLock { $0.append((done, all)) } }
      let progress = told.withLock { $0 }
      #expect(progress.last?.0 == 60 && progress.allSatisfy { $0.1 == 60 })
      #expect(zip(progress, progress.dropFirst()).allSatisfy { $0.0 < $1.0 })
      #expect(samples.images == plain)
      #expect((3...8).contains(samples.trajectory.count))
      #expect(samples.trajectory.allSatisfy { $0.count == 3 && $0.shape == model.shape })
      #expect(samples.trajectory.last == plain.prefix(3))
      // Each frame is nearer to the image than the one before, but for what the last levels add.
      let distances = samples.trajectory.map { frame in
        zip(frame.pixels, plain.prefix(3).pixels).reduce(0.0) {
          $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
        }
      }
      for (before, after) in zip(distances, distances.dropFirst()) { #expect(after < before * 1.05) }
      // The first is all noise: what the disc is says nothing of it.
      #expect(distances[0] > 10 * distances[distances.count - 2])
    }
  }

  @Test("Levels shown ascend in their order, show noise first, and are as many as asked for or as there are")
  func places() {
    let sigmas = (0..<64).map { 80 * pow(0.001 / 80, Double($0) / 63) }
    for frames in [2, 10, 40, 200] {
      let places = Scorer.places(of: sigmas, spread: 0.5, frames: frames)
      #expect(places.first == 0 && places == places.sorted() && Set(places).count == places.count)
      #expect(places.count <= frames - 1)
    }
    #expect(Scorer.places(of: sigmas, spread: 0.5, frames: 40).count > 15)
  }
}
