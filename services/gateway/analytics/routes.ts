import { costReportRoutes } from './cost-report.ts'
import { messageReportRoutes } from './message-report.ts'
import { timeReportRoutes } from './time-report.ts'

export const analyticsRoutes = [...messageReportRoutes, ...costReportRoutes, ...timeReportRoutes]
