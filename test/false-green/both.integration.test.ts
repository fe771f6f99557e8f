import { falseGreenSuite } from './suite'

falseGreenSuite(['hivemind', 'kademlia'])
